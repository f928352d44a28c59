"""What the station room refuses, in both languages."""

from core.errors import Conflict, NotFound, Refusal, Text, Unavailable


class StationNotFound(NotFound):
    """No such station, or not one the caller may see."""

    slug = "station-not-found"
    title = Text("未找到驿站", "Station not found")
    detail = Text("没有找到该驿站，或您无权管理。", "There is no such station, or it is not yours to manage.")


class StationChanged(Conflict):
    """Somebody else changed the station since the caller read it."""

    slug = "station-changed"
    title = Text("驿站信息已被他人修改", "The station was changed meanwhile")
    detail = Text(
        "该驿站当前版本为 {row_version}，请刷新后重新修改。",
        "The station is now at version {row_version}; reload it and edit again.",
    )


class StationCodeTaken(Conflict):
    """Another station of the district carries this code."""

    slug = "station-code-taken"
    title = Text("驿站编码已被使用", "Station code already used")
    detail = Text("编码在本区已被其他驿站使用。", "Another station of this district already carries this code.")


class OutsideOwnArea(Refusal):
    """A station would be placed where the caller holds no role."""

    status = 403
    slug = "outside-own-area"
    title = Text("超出管理范围", "Outside your area")
    detail = Text(
        "该位置属于区域“{area}”，不在您的管理范围内。",
        "The position lies in area “{area}”, outside the areas you manage.",
    )


class UnreadableHours(Refusal):
    """Opening hours that cannot be turned into a schedule; `reason` says why."""

    status = 422
    slug = "unreadable-hours"
    title = Text("无法识别的开放时间", "Opening hours cannot be read")
    detail = Text("开放时间无法识别：{reason}", "The opening hours cannot be read: {reason}")

    def __init__(self, reason: Text, *, pointer: str = "/hours") -> None:
        self.reason = reason
        super().__init__(pointer=pointer, reason=reason)


class UnknownAmenity(Refusal):
    """An amenity code outside the vocabulary."""

    status = 422
    slug = "unknown-amenity"
    title = Text("未知的设施", "Unknown amenity")
    detail = Text(
        "设施“{code}”不在设施词表中，可用编码见 /api/v1/amenities。",
        "There is no amenity “{code}”; the codes are listed at /api/v1/amenities.",
    )


class AmenityNotThere(Refusal):
    """A tap about an amenity that the station does not have."""

    status = 422
    slug = "amenity-not-there"
    title = Text("驿站没有该设施", "The station has no such amenity")
    detail = Text("该驿站没有登记设施“{code}”。", "This station has no amenity “{code}”.")


class TooManyTaps(Refusal):
    """More taps from one device at one station than a person makes."""

    status = 429
    slug = "too-many-taps"
    title = Text("操作过于频繁", "Too many taps")
    detail = Text(
        "您刚才已多次反馈该驿站，请几分钟后再试。",
        "You have told us about this station several times; wait a few minutes.",
    )


class PlaceNotFound(Refusal):
    """A typed place that no geocoder knows."""

    status = 404
    slug = "place-not-found"
    title = Text("未找到该地点", "Place not found")
    detail = Text(
        "没有找到“{place}”，请换个写法或在地图上点选。", "“{place}” was not found; try other words or tap the map."
    )


class PositionMissing(Refusal):
    """A nearby search with neither a position nor a typed place."""

    status = 422
    slug = "position-missing"
    title = Text("缺少位置", "Position missing")
    detail = Text(
        "请提供 lat 和 lon，或用 place 填写地点。", "Give lat and lon, or type a place with the parameter place."
    )


class TooFarAhead(Refusal):
    """A question about opening beyond the days that are worked out in advance."""

    status = 422
    slug = "too-far-ahead"
    title = Text("时间超出可查询范围", "Time out of range")
    detail = Text("只能查询从现在起 {days} 天内的开放情况。", "Opening can be asked for the next {days} days only.")


class FileUnreadable(Refusal):
    """A station list that is no readable CSV, xlsx or GeoJSON, or lacks a needed column."""

    status = 422
    slug = "station-file-unreadable"
    title = Text("文件无法读取", "The file cannot be read")
    detail = Text("文件无法读取：{reason}", "The file cannot be read: {reason}")


class ImportUnderWay(Unavailable):
    """Another list is being taken in; one at a time, as each holds a connection for as long as it takes."""

    slug = "station-import-under-way"
    title = Text("正在导入另一份名单", "Another import is under way")
    detail = Text(
        "另一份驿站名单正在导入，请稍后重新上传；本次未保存任何内容。",
        "Another list of stations is being taken in; send this one again later, nothing of it was stored.",
    )
