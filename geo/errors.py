"""What this room refuses to do."""

from core.errors import Conflict, NotFound, Refusal, Text


class InvalidPosition(Refusal):
    """A longitude or latitude is missing, not finite or out of range; `pointer` names it."""

    status = 422
    slug = "invalid-position"
    title = Text("坐标无效", "Invalid position")
    detail = Text(
        "{field} 应为 {low} 到 {high} 之间的数字，收到的是 {value}。",
        "{field} must be a number from {low} to {high}, not {value}.",
    )


class NoActiveGeneration(Refusal):
    """No areas have been activated yet, so nothing can be located."""

    status = 503
    slug = "no-areas"
    title = Text("尚无区域数据", "No areas yet")
    detail = Text(
        "尚未启用任何区域版次，请先导入并启用。", "No generation of areas is active; import one and activate it."
    )


class GenerationNotFound(NotFound):
    """There is no such generation in this district."""

    slug = "generation-not-found"
    title = Text("没有这个区域版次", "No such generation")
    detail = Text("没有编号为 {generation} 的区域版次。", "There is no generation of areas numbered {generation}.")


class AreaNotFound(NotFound):
    """There is no area with this code in the generation asked for."""

    slug = "area-not-found"
    title = Text("没有这个区域", "No such area")
    detail = Text("没有编码为 {code} 的区域。", "There is no area with the code {code}.")


class NoDraft(Conflict):
    """Something was asked of the draft generation and there is none."""

    slug = "no-draft-generation"
    title = Text("没有草稿版次", "No draft generation")
    detail = Text("没有待启用的区域版次，请先导入。", "There is no draft generation of areas; import one first.")


class DraftHasErrors(Conflict):
    """The draft generation did not pass its checks and cannot be activated."""

    slug = "draft-has-errors"
    title = Text("区域检查未通过", "The draft did not pass its checks")
    detail = Text(
        "草稿版次有 {count} 处错误，修正后才能启用：{first}",
        "The draft has {count} error(s) to be corrected before activation: {first}",
    )


class DraftTooLarge(Conflict):
    """The draft holds more areas than are worked on while somebody waits at a page; commands take any number."""

    slug = "draft-too-large"
    title = Text("草稿过大", "The draft is too large for the page")
    detail = Text(
        "{count} 个区域超过网页能处理的 {most} 个，草稿未变；请由运维用命令 areas 检查、启用或放弃。",
        "{count} areas are more than the {most} that a page works on; the draft is as it was. "
        "Check, activate or discard it with the command areas.",
    )


class NothingToRollBack(Conflict):
    """The active generation replaced none, so there is nothing to go back to."""

    slug = "nothing-to-roll-back"
    title = Text("没有可恢复的版次", "Nothing to roll back to")
    detail = Text("当前版次之前没有启用过的版次。", "No generation was active before the present one.")


class BoundaryFileUnreadable(Refusal):
    """A boundary file as a whole cannot be taken; single rows are refused in the import's report instead."""

    status = 422
    slug = "boundary-file-unreadable"
    title = Text("边界文件无法读取", "The boundary file cannot be read")
    detail = Text("边界文件无法读取：{reason}", "The boundary file cannot be read: {reason}")

    def __init__(self, *, reason: Text) -> None:
        self.reason = reason
        super().__init__(reason=reason)


class GridTooFine(Refusal):
    """An area would need more grids than can be numbered below its code, or more cells than is sensible."""

    status = 422
    slug = "grid-too-fine"
    title = Text("网格过密", "The grid is too fine")
    detail = Text(
        "{code} 需要 {count} 个网格，最多 {most} 个；请加大网格或先划分中间层级。",
        "{code} would need {count} grids and {most} is the most: "
        "make the grids larger or divide a level in between first.",
    )


class GeocoderFailed(Refusal):
    """The outside geocoder did not answer in time or refused."""

    status = 503
    slug = "geocoder-failed"
    title = Text("地名查询失败", "The place search failed")
    detail = Text("地名服务没有及时答复，请稍后再试。", "The place service did not answer in time; try again later.")


class CsvColumnMissing(Refusal):
    """A CSV file has no column of the name given."""

    status = 422
    slug = "csv-column-missing"
    title = Text("缺少列", "Column missing")
    detail = Text("文件没有“{column}”列，现有：{columns}。", "There is no column {column}; there are: {columns}.")


class CsvUnreadable(Refusal):
    """A CSV file is no text in UTF-8, or a row does not fit its header."""

    status = 422
    slug = "csv-unreadable"
    title = Text("文件无法读取", "The file cannot be read")
    detail = Text(
        "文件无法读取，请另存为 UTF-8 编码的 CSV：{reason}",
        "The file cannot be read; save it as CSV in UTF-8: {reason}",
    )


class MalformedLine(Refusal):
    """One line of a bulk request cannot be taken; the lines beside it are answered."""

    status = 422
    slug = "malformed-line"
    title = Text("该行有误", "This line cannot be taken")
    detail = Text(
        '应为 {{"lon": 数字, "lat": 数字}}，经度 ±180、纬度 ±90。',
        'It must be {{"lon": number, "lat": number}} within ±180 and ±90.',
    )
