"""What a broken database constraint means to a person, by constraint name; each room lists its own."""

from core.errors import FieldError, InvalidInput, Text
from core.http.problems import ConstraintMeanings
from station.errors import StationCodeTaken

CONSTRAINTS: ConstraintMeanings = {
    "staff_username_unique": lambda: InvalidInput(
        [FieldError("/username", Text("此用户名已被使用。", "This name is taken."))]
    ),
    "station_code_unique": lambda: StationCodeTaken(pointer="/code"),
}
