"""The demonstration's people: staff of every role, riders, reporters. Nobody here exists."""

from dataclasses import dataclass

from core.access.models import Role
from riders.models import TrustLevel

DISTRICT = "370299"
STREETS = tuple(f"{DISTRICT}{number:03}" for number in (1, 2, 3))
#: Community code → the stem of its name; the streets, markets and bus stops of the descriptions are named after it.
COMMUNITIES = {
    "370299001001": "听涛",
    "370299001002": "观澜",
    "370299001003": "渔灯",
    "370299002001": "松风",
    "370299002002": "晴川",
    "370299002003": "槐香",
    "370299003001": "白帆",
    "370299003002": "星浦",
}


@dataclass(frozen=True, slots=True)
class DemoDepartment:
    """A unit that handles cases, and the categories it is usually given."""

    code: str
    name: str
    phone: str
    categories: tuple[str, ...]


DEPARTMENTS = (
    DemoDepartment("sanitation", "演示环卫所", "0532-00000001", ("litter", "rubble")),
    DemoDepartment("roads", "演示市政所", "0532-00000002", ("road_damage", "missing_cover", "standing_water")),
    DemoDepartment("lighting", "演示照明所", "0532-00000003", ("street_light",)),
    DemoDepartment("enforcement", "演示综合执法队", "0532-00000004", ("blocked_lane", "illegal_building")),
    DemoDepartment("fire", "演示消防站", "0532-00000005", ("fire_lane",)),
    DemoDepartment("greenery", "演示园林所", "0532-00000006", ("greenery",)),
    DemoDepartment("upkeep", "演示驿站维护组", "0532-00000007", ("station_locked", "station_amenity")),
    DemoDepartment("service", "演示便民服务中心", "0532-00000008", ("help", "other")),
)


@dataclass(frozen=True, slots=True)
class DemoRule:
    """Cases of `category` (None: any) go to the desk at this depth: 2 the subdistrict, 3 the community."""

    position: int
    category: str | None
    desk_depth: int
    note: str


RULES = (
    DemoRule(10, "fire_lane", 2, "消防通道由街道中心统一处置（演示）"),
    DemoRule(20, "illegal_building", 2, "违法搭建由街道中心牵头（演示）"),
    DemoRule(90, None, 3, "其余归所在社区（演示）"),
)


@dataclass(frozen=True, slots=True)
class DemoStaff:
    """A staff account: one role, on the area with this code (`''` the whole district)."""

    username: str
    name: str
    role: Role
    area_code: str = ""
    department: str | None = None


def list_staff() -> list[DemoStaff]:
    """List the accounts; every role is there, every community has its secretary."""
    streets = ("湾畔街道", "松林街道", "帆影街道")
    return [
        DemoStaff("demo-admin", "演示区级管理员", Role.DISTRICT_ADMIN),
        DemoStaff("demo-auditor", "演示监督员", Role.AUDITOR),
        *(
            DemoStaff(f"demo-street{number}", f"演示街道中心·{name}", Role.SUBDISTRICT, code)
            for number, (name, code) in enumerate(zip(streets, STREETS, strict=True), 1)
        ),
        *(
            DemoStaff(f"demo-secretary{number}", f"演示书记·{stem}社区", Role.SECRETARY, code)
            for number, (code, stem) in enumerate(COMMUNITIES.items(), 1)
        ),
        *(
            DemoStaff(f"demo-grid{number}", f"演示网格员{number:02}·{stem}社区", Role.GRID_WORKER, code)
            for number, (code, stem) in enumerate(COMMUNITIES.items(), 1)
            if number in (1, 2, 4, 7)
        ),
        *(DemoStaff(f"demo-{unit.code}", f"{unit.name}值班员", Role.DEPARTMENT, "", unit.code) for unit in DEPARTMENTS),
        DemoStaff("demo-host1", "演示驿站管理员·听涛社区", Role.STATION_HOST, "370299001001"),
        DemoStaff("demo-host2", "演示驿站管理员·松林街道", Role.STATION_HOST, STREETS[1]),
    ]


@dataclass(frozen=True, slots=True)
class DemoRider:
    """A rider; the phone numbers are made up in an unmistakable row."""

    phone: str
    name: str
    platform: str
    languages: tuple[str, ...] = ("zh",)


RIDERS = tuple(
    DemoRider(
        phone=f"199000000{number:02}",
        name=f"演示骑手{number:02}",
        platform=f"演示平台{'甲乙丙'[number % 3]}",
        languages=("zh", "en") if number % 5 == 0 else ("zh",),
    )
    for number in range(1, 13)
)


@dataclass(frozen=True, slots=True)
class DemoApplication:
    """How a rider's application went. `trust` None and no `reason`: it still waits; with a reason: declined.

    `days_ago` is when it was made; it was decided a day later, for `months`.
    """

    rider: int
    community: str
    days_ago: int
    trust: TrustLevel | None = None
    months: int = 6
    reason: str | None = None
    revoked_for: str | None = None


_LOOK, _FILE, _VERIFY = TrustLevel.LOOKED_AT_FIRST, TrustLevel.FILED_AT_ONCE, TrustLevel.MAY_VERIFY_OTHERS

APPLICATIONS = (
    DemoApplication(0, "370299001001", 45, _FILE),
    DemoApplication(1, "370299001002", 26, _FILE, months=1),  # ends soon: the reminder is due
    DemoApplication(2, "370299001003", 44, _LOOK),
    DemoApplication(3, "370299002001", 60, _VERIFY, months=12),
    DemoApplication(4, "370299002002", 41, _FILE),
    DemoApplication(5, "370299002003", 50, _FILE),
    DemoApplication(6, "370299003001", 58, _VERIFY),
    DemoApplication(7, "370299003002", 43, _LOOK),
    DemoApplication(8, "370299001001", 80, _FILE, revoked_for="本人提出不再参与（演示）"),
    DemoApplication(9, "370299001002", 12, reason="近期名额已满，欢迎下期再报名（演示）"),
    DemoApplication(10, "370299001001", 2),  # waits for the secretary
    DemoApplication(11, "370299003001", 100, _LOOK, months=2),  # its term is over
)
