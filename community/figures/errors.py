"""What figures refuse."""

from core.errors import NotFound, Text


class FiguresNotShown(NotFound):
    """The area is not the caller's and is not one that is compared between areas: a grid, or the whole district."""

    slug = "figures-not-shown"
    title = Text("不提供该区域的统计", "No figures of this area")
    detail = Text(
        "{path} 不在您的管辖范围内，且不是可供比较的区域（网格以上、至多 {deepest} 级）。",
        "{path} is not yours, and not an area that may be compared: above the grids, at most {deepest} levels deep.",
    )
