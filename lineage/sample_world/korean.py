"""Korean writing: the particle that a word takes, and figures as reports print them."""

# With and without a final consonant: 전자는, 제약은.
PAIRS = {"는": "은는", "가": "이가", "를": "을를", "와": "과와"}
# The digits that are read with a final consonant: 영 일 삼 육 칠 팔.
CLOSED_DIGITS = "013678"


def closed(word: str) -> bool:
    """Whether the word ends in a consonant, closing brackets aside."""
    last = word.rstrip("'\"’”)」")[-1]
    if "가" <= last <= "힣":
        return (ord(last) - ord("가")) % 28 != 0
    return last in CLOSED_DIGITS


def with_particle(word: str, particle: str) -> str:
    """The word and its particle, named by the open form: `with_particle("제약", "는")` is 제약은.

    `로` is its own case, since ㄹ counts as open: 서울로, 도쿄로, 부산으로.
    """
    if particle == "로":
        last = word.rstrip("'\"’”)」")[-1]
        liquid = "가" <= last <= "힣" and (ord(last) - ord("가")) % 28 == 8
        return word + ("으로" if closed(word) and not liquid else "로")
    return word + PAIRS[particle][0 if closed(word) else 1]


def triangle(value: int) -> str:
    """A figure with the triangle that Korean statements use for a minus: -1234 is △ 1,234."""
    return f"△ {-value:,}" if value < 0 else f"{value:,}"


def bracketed(value: int) -> str:
    """A figure with an accountant's brackets for a minus: -1234 is (1,234)."""
    return f"({-value:,})" if value < 0 else f"{value:,}"
