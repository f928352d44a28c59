"""The demonstration district (演示数据): invented places, people and cases, so that no screen starts empty."""

from collections.abc import Callable

#: Where progress and the story are told, line by line.
Say = Callable[[str], None]
