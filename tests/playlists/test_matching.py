"""A line finds its track, and no other recording of it; what is doubtful is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import matching as measured
from benchmarks import table
from playlists import matching, spelling
from playlists.formats import Line, freetext
from playlists.matching import MATCHED, State
from playlists.spotify import Item
from simulator.catalogue import DataFile

QUEEN = "Queen"
BOHEMIAN = 354_000


def item(title: str, artists: str = QUEEN, ms: int = 0, *, album: str = "", isrc: str = "") -> Item:
    name = "".join(letter for letter in title + artists if letter.isascii() and letter.isalnum())
    uri = f"spotify:track:{name[:22]:0<22}"
    return Item(uri, title=title, artists=artists, duration_ms=ms, album=album, isrc=isrc)


def line(title: str, artists: str = QUEEN, ms: int = 0, *, album: str = "", isrc: str = "") -> Line:
    return Line(1, title=title, artists=artists, duration_ms=ms, album=album, isrc=isrc)


def typed(text: str) -> Line:
    (found,) = freetext.entries(1, text)
    assert isinstance(found, Line)
    return found


def state(wanted: Line | str, *found: Item) -> State:
    return matching.judge(typed(wanted) if isinstance(wanted, str) else wanted, found).state


# What is written in another way


@pytest.mark.parametrize(
    ("title", "artists", "found_title", "found_artists"),
    [
        ("bohemian rhapsody", "queen", "Bohemian Rhapsody", "Queen"),
        ("Deja Vu", "Beyonce", "Déjà Vu", "Beyoncé"),
        ("Dont Stop Me Now", "Queen", "Don\u2019t Stop Me Now", "Queen"),
        ("Tik Tok", "Kesha", "TiK ToK", "Ke$ha"),
        ("So What", "Pink", "So What", "P!nk"),
        ("Mrs Robinson", "Simon and Garfunkel", "Mrs. Robinson", "Simon & Garfunkel"),
        ("September", "Earth Wind and Fire", "September", "Earth, Wind & Fire"),
        ("EARFQUAKE", "Tyler The Creator", "EARFQUAKE", "Tyler, The Creator"),
        ("Hells Bells", "ACDC", "Hells Bells", "AC/DC"),
        ("Yesterday", "Beatles, The", "Yesterday", "The Beatles"),
        (
            "Get Lucky",
            "Daft Punk",
            "Get Lucky (feat. Pharrell Williams & Nile Rodgers)",
            "Daft Punk",
        ),
        (
            "Get Lucky",
            "Daft Punk ft. Pharrell Williams",
            "Get Lucky",
            "Daft Punk, Pharrell Williams",
        ),
        ("Lonely", "Justin Bieber", "Lonely (with benny blanco)", "Justin Bieber, benny blanco"),
        ("Satisfaction", "Rolling Stones", "(I Can't Get No) Satisfaction", "The Rolling Stones"),
        ("Heroes", "David Bowie", "Heroes - 2017 Remaster", "David Bowie"),
        ("Song 2", "Blur", "Song 2 - 2012 Remaster", "Blur"),
        ("Strobe", "deadmau5", "Strobe - Original Mix", "deadmau5"),
        ("Bjork's Song", "Björk", "Björk\u2019s Song", "BJÖRK"),
        ("Bohemian Rapsody", "Queen", "Bohemian Rhapsody", "Queen"),
        ("Nothing Else Matters", "Metalica", "Nothing Else Matters", "Metallica"),
        ("Symphony Pt II", "Somebody", "Symphony, Part 2", "Somebody"),
        ("夜に駆ける", "YOASOBI", "夜に駆ける", "YOASOBI"),
        ("Группа крови", "Кино", "ГРУППА КРОВИ", "КИНО"),
        ("Night Club", "Somebody", "Nightclub", "Somebody"),
        ("???", "Somebody", "???", "Somebody"),
    ],
)
def test_a_track_is_known_again(
    title: str, artists: str, found_title: str, found_artists: str
) -> None:
    assert state(line(title, artists), item(found_title, found_artists)) == State.MATCHED


# What is another recording, or another track


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Song of Mine", "Song of Mine - Live"),
        ("Song of Mine", "Song of Mine (Live at Wembley, 1986)"),
        ("Song of Mine - Live", "Song of Mine"),
        ("Song of Mine", "Song of Mine - Tiësto Remix"),
        ("Song of Mine (Tiësto Remix)", "Song of Mine"),
        ("Song of Mine (Tiësto Remix)", "Song of Mine (Avicii Remix)"),
        ("Song of Mine (Remix)", "Song of Mine (Avicii Remix)"),
        ("Song of Mine", "Song of Mine (Instrumental)"),
        ("Song of Mine", "Song of Mine - Acoustic"),
        ("Song of Mine", "Song of Mine (Demo)"),
        ("Song of Mine", "Song of Mine (Karaoke Version)"),
        ("Song of Mine", "Song of Mine - Sped Up"),
        ("Song of Mine", "Song of Mine (Taylor's Version)"),
        ("Song of Mine", "Song of Mine (Spanish Version)"),
        ("Song of Mine", "Song of Mine - Extended Mix"),
        ("Song of Mine - Radio Edit", "Song of Mine"),
        ("Song of Mine", "Song of Mine - Piano Solo"),
        ("Song of Mine", "Song of Mine - Midnight Something"),
        ("Song of Mine - Remastered", "Song of Mine - Live - Remastered"),
        ("Song of Mine - Live in Paris", "Song of Mine - Live in Tokyo"),
        ("Symphony Pt. 1", "Symphony Pt. 2"),
        ("Symphony No. V", "Symphony No. VI"),
        ("How to Live Without You", "How to Live Without You - Live"),
        ("Basement Session", "Basement Session - Live"),
        ("Song of Mine (A and B Remix)", "Song of Mine (A and B Remix) - Night Owl Remix"),
        ("Narc", "Narcs"),
        ("Cantigas de Santa Maria: Madre de Deus", "Cantigas de Santa Maria: Madre de Que Livrou"),
        ("The Long and Winding Road Tonight", "The Long and Winding Road Tomorrow"),
        ("Song of Mine", "Song of Yours"),
        ("Alpha 101Hz to 108Hz", "Alpha 110Hz to 118Hz"),
        ("Symphony No. 5: I. Allegro", "Symphony No. 5: II. Andante"),
    ],
)
def test_another_recording_is_never_taken_without_a_question(title: str, found: str) -> None:
    assert state(line(title), item(found)) != State.MATCHED


@pytest.mark.parametrize(
    ("artists", "found"),
    [
        ("Queen", "Queensrÿche"),
        ("Queen", "The Sunday Singers"),
        ("The Killers", "The Killjoys"),
        ("Queen", "Karaoke Queen"),
        ("A Band & B Choir", "A Band, C Orchestra"),
    ],
)
def test_another_artist_is_never_taken_without_a_question(artists: str, found: str) -> None:
    assert state(line("A Song of Ours", artists), item("A Song of Ours", found)) != State.MATCHED


def test_of_several_recordings_the_one_that_is_asked_for_is_taken() -> None:
    studio, live = item("Radio Ga Ga"), item("Radio Ga Ga - Live Aid")
    remix = item("Radio Ga Ga - Night Owl Remix")
    found = [live, remix, studio]

    assert matching.judge(line("Radio Ga Ga"), found).uri == studio.uri
    assert matching.judge(line("Radio Ga Ga (Live)"), found).uri == live.uri
    assert matching.judge(typed("Queen - Radio Ga Ga Night Owl Remix"), found).uri == remix.uri


def test_a_remaster_is_taken_only_where_the_plain_one_is_not_there() -> None:
    plain, remaster = item("Heroes"), item("Heroes - 2017 Remaster")

    assert matching.judge(line("Heroes"), [remaster, plain]).uri == plain.uri
    assert matching.judge(line("Heroes - 2017 Remaster"), [plain, remaster]).uri == remaster.uri
    assert matching.judge(line("Heroes"), [remaster]).uri == remaster.uri


def test_the_length_decides_between_recordings() -> None:
    short, long = item("One Vision", ms=240_000), item("One Vision", ms=383_000, album="B")

    assert matching.judge(line("One Vision", ms=384_000), [short, long]).uri == long.uri
    assert matching.judge(line("One Vision", ms=241_000), [short, long]).uri == short.uri
    assert state(line("One Vision"), short, long) == State.AMBIGUOUS
    assert state(line("One Vision", ms=300_000), short) == State.AMBIGUOUS


def test_the_album_decides_between_equals_and_spotifys_order_after_it() -> None:
    first, second = (
        item("Innuendo", ms=1000, album="Hits"),
        item("Innuendo", ms=1000, album="Innuendo"),
    )

    assert matching.rank(line("Innuendo", album="Innuendo"), [first, second])[0].item == second
    assert matching.rank(line("Innuendo"), [first, second])[0].item == first
    assert matching.rank(line("Innuendo"), [second, first])[0].item == second


def test_a_recording_of_the_studio_comes_before_one_of_a_live_album() -> None:
    live = item("Innuendo", album="Live at Wembley")
    studio = item("Innuendo", album="Innuendo")

    assert [match.item for match in matching.rank(line("Innuendo"), [live, studio])] == [
        studio,
        live,
    ]
    assert matching.judge(line("Innuendo (Live)"), [live]).state == State.MATCHED


def test_a_karaoke_album_gives_itself_away() -> None:
    found = item("Innuendo", album="Karaoke Hits, Vol. 3")

    assert state(line("Innuendo"), found) != State.MATCHED
    assert state(line("Innuendo (Karaoke)"), found) == State.MATCHED


def test_words_of_the_artists_name_are_no_version() -> None:
    found = item("Delichones - Live", "Anatolian Sessions")

    assert state("Anatolian Sessions - Delichones", found) != State.MATCHED


# Lines of free text


@pytest.mark.parametrize(
    "text",
    [
        "Queen - Don't Stop Me Now",
        "Don't Stop Me Now - Queen",
        "12. Queen \u2013 Don't Stop Me Now (3:29)",
        "Queen Don't Stop Me Now",
        "Don't Stop Me Now by Queen",
        "“Don't Stop Me Now” by Queen",
        "queen dont stop me now",
        "[00:03:10] Queen - Don't Stop Me Now",
        "Don't Stop Mee Now - Queen",
        "Queenn - Don't Stop Me Now",
    ],
)
def test_either_half_may_be_the_artist(text: str) -> None:
    found = [item("Don't Stop Me Now - Live"), item("Don't Stop Me Now", ms=209_000)]

    assert matching.judge(typed(text), found).uri == found[1].uri


def test_a_title_with_a_dash_may_stand_before_the_artist() -> None:
    remix = item("Radio Ga Ga - Night Owl Remix")

    found = [item("Radio Ga Ga"), remix, item("Radio Ga Ga - Live")]

    assert matching.judge(typed("Radio Ga Gaa - Night Owl Remix - Queen"), found).uri == remix.uri


def test_a_title_without_an_artist_is_always_a_question() -> None:
    found = item("Radio Ga Ga", ms=343_000)

    assert state(line("Radio Ga Ga", "", 343_000), found) == State.AMBIGUOUS
    assert state(line("Radio Ga Ga", "Various Artists"), found) == State.AMBIGUOUS


# ISRC


def test_an_isrc_is_the_recording_whatever_it_is_called() -> None:
    wanted = line("Other words", "Somebody", isrc="GBUM71029604")
    found = item("Bohemian Rhapsody - Remastered 2011", isrc="GBUM71029604")

    verdict = matching.judge(wanted, [found])

    assert verdict.state == State.MATCHED
    assert verdict.matches[0].reasons == ("the same ISRC",)


def test_of_one_isrc_on_several_albums_the_lines_album_comes_first() -> None:
    albums = [item("A", isrc="GBUM71029604", album=name) for name in ("Hits", "Opera")]
    wanted = line("A", isrc="GBUM71029604", album="Opera")

    assert matching.judge(wanted, albums).matches[0].item.album == "Opera"


def test_another_isrc_is_a_doubt_after_a_search_by_text() -> None:
    wanted = line("Innuendo", isrc="GBUM71029604")

    (match,) = matching.rank(wanted, [item("Innuendo", isrc="GBUM71029605")])

    assert (match.confidence, match.reasons) == (0.92, ("another ISRC",))
    assert state(wanted, item("Innuendo - 2011 Mix", isrc="GBUM71029605")) == State.MATCHED
    assert state(wanted, item("Inuendo", isrc="GBUM71029605")) == State.AMBIGUOUS


def test_an_isrc_that_finds_nothing_offers_a_search_by_text() -> None:
    assert matching.judge(line("A Song", isrc="GBUM71029604"), []).can_search_by_text
    assert not matching.judge(typed("GBUM71029604"), []).can_search_by_text
    assert not matching.judge(line("A Song"), []).can_search_by_text
    assert state(line("A Song", isrc="GBUM71029604")) == State.MISSING


def test_a_choice_is_remembered_for_every_spelling_but_not_for_another_recording() -> None:
    key = matching.remembered_as(line("One Vision (Live)", "Beyoncé"))

    assert matching.remembered_as(typed("beyonce - One vision - LIVE")) == key
    assert matching.remembered_as(line("One Vision", "Beyoncé")) != key
    assert matching.remembered_as(line("x", isrc="GBUM71029604")) == "isrc:GBUM71029604"


# The question


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        (line("A", isrc="GBUM71029604"), "isrc:GBUM71029604"),
        (line("One Vision"), 'track:"One Vision" artist:"Queen"'),
        (line("One Vision - Remastered 2011"), 'track:"One Vision" artist:"Queen"'),
        (line("One Vision (Live at Wembley)"), 'live track:"One Vision" artist:"Queen"'),
        (line("One Vision (DJ Foo Remix)"), 'dj foo remix track:"One Vision" artist:"Queen"'),
        (line("Song (feat. X)", "A feat. B"), 'track:"Song" artist:"A"'),
        (line('Say "Hi" track:x', "A, B"), 'track:"Say Hi track x" artist:"A"'),
        (line("One Vision", ""), "one vision"),
        (line("One Vision", "Various Artists"), "one vision"),
        (typed("Queen - One Vision"), "queen one vision"),
        (typed("NOT Foo: Bar* - -Baz OR"), "not foo bar baz or"),
        (line("x" * 200, "y" * 200), f'track:"{"x" * 53}" artist:"{"y" * 28}"'),
        (line("", ""), ""),
    ],
)
def test_a_line_is_one_search(wanted: Line, asked: str) -> None:
    assert matching.query(wanted) == asked


@given(st.text(max_size=600), st.text(max_size=600), st.booleans())
def test_no_search_is_longer_than_spotify_takes(title: str, artists: str, is_guessed: bool) -> None:
    wanted = Line(1, title=title, artists=artists, is_guessed=is_guessed)

    assert len(matching.query(wanted)) <= 100


texts = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(
            [*"([{)]}-&,", "live", "feat.", "x", "by", "mix", "2011", "é", "\u202e", " "]
        )
    ).map(" ".join),
)
lines = st.builds(
    Line,
    st.just(1),
    title=texts,
    artists=texts,
    album=texts,
    duration_ms=st.integers(0, 10**7),
    is_guessed=st.booleans(),
)


@given(lines, st.lists(st.builds(item, texts, texts, st.integers(0, 10**7), album=texts)))
def test_confidence_lies_between_0_and_1_and_the_best_is_first(
    wanted: Line, found: list[Item]
) -> None:
    verdict = matching.judge(wanted, found)
    confidences = [match.confidence for match in verdict.matches]

    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= one <= 1 for one in confidences)
    assert len(confidences) == min(len(found), 10)
    assert verdict == matching.judge(wanted, found)


@given(texts.filter(str.strip), texts.filter(str.strip), texts, st.integers(1, 10**7))
def test_what_a_track_is_called_is_sure_to_find_it(
    title: str, artists: str, album: str, ms: int
) -> None:
    found = item(title, artists, ms, album=album)
    (match,) = matching.rank(line(title, artists, ms, album=album), [found])

    # A karaoke track finds itself, too; only who has no name cannot be known again.
    if spelling.together(artists):
        assert match.confidence >= MATCHED


def test_tracks_that_cannot_be_added_are_no_candidates() -> None:
    local = Item("spotify:local:Queen:A:One+Vision:100", is_local=True, title="One Vision")

    assert matching.rank(line("One Vision"), [local, Item("")]) == []


# How good it is


def test_variants_of_real_tracks_are_found_and_no_wrong_ones_taken() -> None:
    real = [
        Item(
            track.uri,
            title=track.title,
            artists=", ".join(name for _, name in track.artists),
            album=track.album,
            duration_ms=track.duration_s * 1000,
        )
        for track in DataFile().tracks.values()
    ]

    rows, totals, wrong = measured.measure(real, tracks=60)

    table.show("Lines and what they are taken for", rows, totals=totals, as_json=False)
    assert totals["precision"] >= 0.985, wrong
    assert totals["recall"] >= 0.93
    assert totals["found_or_asked"] >= 0.98
