"""What is kept from those outside: an attacker who subtracts all he is shown must not learn a small count."""

import random

import numpy as np
import pytest
from scipy.optimize import linprog

from community.figures.definitions import SMALL
from community.figures.suppression import Share, foreign_part, hidden_paths, is_small


def line(*denominators: int) -> dict[str, Share]:
    """Make an area with these beneath it, of which each numerator is 0."""
    children = {f"a/{n}": Share(0, count) for n, count in enumerate(denominators)}
    return {"a": Share(0, sum(denominators))} | children


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        ((0, 0), False),
        ((0, 5), False),
        ((5, 5), False),
        ((0, 4), True),
        ((1, 30), True),
        ((26, 30), True),
        ((25, 30), False),
    ],
)
def test_a_share_is_small_by_numerator_denominator_or_what_is_between(share: tuple[int, int], expected: bool) -> None:
    assert expected is is_small(Share(*share))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((10, 20, 30), set()),
        ((2, 20, 30), {"a/0", "a/1"}),  # 52 − 50 would tell the 2, so the next smallest goes too
        ((0, 2, 20), {"a/1", "a/2"}),  # hiding a nought would hide nothing
        ((1, 1, 20), {"a/0", "a/1", "a/2"}),  # 22 − 20 = 2 of two that have some: one each
        ((2, 3, 20), {"a/0", "a/1"}),  # 5 of two: 1 and 4, or 2 and 3
        ((2,), {"a", "a/0"}),  # the whole is the part
    ],
)
def test_more_is_hidden_until_no_line_gives_anything_away(counts: tuple[int, ...], expected: set[str]) -> None:
    assert expected == hidden_paths(line(*counts))


def hidden_from(owner: str, shares: dict[str, Share]) -> frozenset[str]:
    """Tell what is hidden from someone who holds `owner`."""
    return hidden_paths(foreign_part(shares, {owner: shares[owner]}))


def test_ones_own_small_count_hides_nothing_from_oneself() -> None:
    """The asker holds a/1 and knows its 6; hiding it beside the 2 would help nobody, so the 30 goes."""
    assert {"a/0", "a/2"} == hidden_from("a/1", line(2, 6, 30))


def test_where_all_else_is_ones_own_the_whole_is_hidden_too() -> None:
    assert {"a", "a/0"} == hidden_from("a/1", line(2, 6))


def test_a_grid_of_ones_own_does_not_tell_the_grids_beside_it() -> None:
    """a/0 counts 9, of which 7 are in the asker's own grid: 9 would tell him the 2 of the others."""
    assert {"a/0", "a/1"} == hidden_paths(foreign_part(line(9, 20, 30), {"a/0/g": Share(0, 7)}))


def test_an_area_that_holds_nothing_but_ones_own_is_shown() -> None:
    assert frozenset() == hidden_paths(foreign_part(line(3, 20, 30), {"a/0/g": Share(0, 3)}))


def test_a_hidden_whole_is_not_told_by_its_parts() -> None:
    """a/0 has 3 and hides its neighbour a/1, whose own parts would add up to it: one of them goes as well."""
    shares = line(3, 20, 90) | {"a/1/0": Share(0, 8), "a/1/1": Share(0, 12)}
    assert {"a/0", "a/1", "a/1/0"} == hidden_paths(shares)


def make_tree(dice: random.Random) -> dict[str, Share]:
    """Make a tree of three levels whose sums are exact, with many small and empty areas."""
    shares: dict[str, Share] = {}

    def add(path: str, depth: int) -> Share:
        if depth == 3 or (depth > 1 and dice.random() < 0.15):
            total = Share(0, 0)
            count = dice.choice([0, 1, 2, 3, 5, 6, 9, 14, 40])
            total = Share(dice.choice([0, count, dice.randint(0, count)]), count)
        else:
            beneath = [add(f"{path}/{n}", depth + 1) for n in range(dice.randint(1, 4))]
            total = Share(sum(share.numerator for share in beneath), sum(share.denominator for share in beneath))
        shares[path] = total
        return total

    add("a", 1)
    return shares


def reach(counts: dict[str, int], hidden: frozenset[str], at_least: int, target: str) -> tuple[int, int]:
    """Give the least and the most that `target` can be by all that is shown, as real numbers allow."""
    unknown = sorted(hidden)
    rows, values = [], []
    for parent in counts:
        children = [path for path in counts if path.rpartition("/")[0] == parent]
        if not children:
            continue
        row = np.zeros(len(unknown))
        value = 0
        for path, sign in [(parent, 1), *((child, -1) for child in children)]:
            if path in hidden:
                row[unknown.index(path)] += sign
            else:
                value -= sign * counts[path]
        rows.append(row)
        values.append(value)
    aim = np.zeros(len(unknown))
    aim[unknown.index(target)] = 1
    reached = []
    for sign in (1, -1):
        bounds = [(at_least, None)] * len(unknown)
        found = linprog(sign * aim, A_eq=np.array(rows), b_eq=np.array(values), bounds=bounds)
        reached.append(10**9 if found.status == 3 else round(sign * found.fun))
    return reached[0], reached[1]


@pytest.mark.parametrize("seed", range(150))
def test_subtracting_all_that_is_shown_pins_no_small_count(seed: int) -> None:
    """Whoever knows the rule knows that what is hidden has a case at least; and still cannot tell how many."""
    dice = random.Random(seed)
    shares = make_tree(dice)
    mine = dice.choice([path for path in shares if path != "a"] or ["a/0"])
    foreign = foreign_part(shares, {mine: shares[mine]} if mine in shares else {})
    hidden = hidden_paths(foreign)
    assert all(path in hidden for path, share in foreign.items() if is_small(share))
    for counts, at_least in [
        ({path: share.denominator for path, share in foreign.items()}, 1),
        ({path: share.numerator for path, share in foreign.items()}, 0),
        ({path: share.denominator - share.numerator for path, share in foreign.items()}, 0),
    ]:
        for target in hidden:
            if 0 < counts[target] < SMALL:
                least, most = reach(counts, hidden, at_least, target)
                assert least < most, (shares, mine, sorted(hidden), target)
