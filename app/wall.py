"""Is row-level security a wall to the roles we are given? Asked at each start; what leaves a gap is refused."""

from app.postgres import PostgresRefused
from core.access import queries
from core.database import connected

_SWEEPER_WANTED = """\
create role station_sweeper login password '…' nosuperuser nobypassrls;
grant connect on database station to station_sweeper;"""


async def check_roles(app_dsn: str, sweeper_dsn: str) -> None:
    """Refuse a server without the role for which migrations make rules. Raises `PostgresRefused`."""
    if not sweeper_dsn:
        raise PostgresRefused(
            "使用 DATABASE_URL 时还须设置 STATION_SWEEPER_URL（后台任务账号，见 docs/operations.md） / "
            f"DATABASE_URL needs STATION_SWEEPER_URL too, the role of what runs by itself:\n{_SWEEPER_WANTED}"
        )
    async with connected(app_dsn) as conn:
        if not await queries.has_sweeper_role(conn):
            raise PostgresRefused(
                "数据库缺少后台任务账号 station_sweeper，请以管理员执行 / "
                f"the role station_sweeper is missing; as an administrator run:\n{_SWEEPER_WANTED}"
            )


async def check_wall(app_dsn: str, sweeper_dsn: str) -> None:
    """Refuse tables without the wall, a role for requests that passes it, and one for sweeps that does not.

    Raises `PostgresRefused`.
    """
    async with connected(app_dsn) as conn:
        app = await queries.measure_power(conn)
        bare = await queries.list_tables_without_wall(conn)
    async with connected(sweeper_dsn) as conn:
        sweeper = await queries.measure_power(conn)
    if bare:
        raise PostgresRefused(f"这些数据表没有行级安全 / tables without row-level security: {', '.join(bare)}")
    if app.is_sweeper or app.sees is not None:
        raise PostgresRefused(
            f"数据库账号 {app.role} 未说明身份也能看到数据，不能用于处理请求 / "
            f"the role {app.role} sees rows without saying for whom: it may not serve requests"
        )
    if not sweeper.is_sweeper or sweeper.sees is None:
        raise PostgresRefused(
            f"STATION_SWEEPER_URL 的账号 {sweeper.role} 应为 station_sweeper 或其成员 / "
            f"the role {sweeper.role} of STATION_SWEEPER_URL must be station_sweeper or a member of it"
        )
