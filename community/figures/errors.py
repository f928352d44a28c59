"""What figures refuse."""

from core.errors import NotAllowed, NotFound, Text


class FiguresNotShown(NotFound):
    """The area is not the caller's and is not one that is compared between areas: a grid, or the whole district."""

    slug = "figures-not-shown"
    title = Text("不提供该区域的统计", "No figures of this area")
    detail = Text(
        "{path} 不在您的管辖范围内，且不是可供比较的区域（网格以上、至多 {deepest} 级）。",
        "{path} is not yours, and not an area that may be compared: above the grids, at most {deepest} levels deep.",
    )


class NoComparison(NotAllowed):
    """A department sees its own cases everywhere; the sums of others would tell it those of its neighbours."""

    slug = "figures-no-comparison"
    detail = Text(
        "部门账号只能查看本部门的统计，不能与其他部门或区域比较。",
        "A department sees its own figures; it cannot compare with other departments or areas.",
    )
