"""Section 1: how a text is read, and what is said about one that cannot be."""

import pickle

import pytest

from rtd.conditions import (
    Condition,
    ConditionError,
    World,
    after_success,
    all_of,
    any_of,
    cron,
    daily,
    every,
    false,
    parse,
    true,
    weekly,
)
from tests.unit.language.support import view


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~false & true", True),
        ("~(false & true)", True),
        ("true | false & false", True),
        ("(true | false) & false", False),
        ("~true | true", True),
        ("~(true | true)", False),
        ("~false & ~false | false", True),
        ("~~true", True),
        ("~~~true", False),
        ("~ ( ~ true )", True),
        ("(((true)))", True),
        ("false | (true & (false | (true & ~false)))", True),
    ],
)
def test_s1_not_binds_before_and_before_or(text: str, value: bool) -> None:
    assert parse(text).evaluate(None)[0] is value  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["true&false", " true &\tfalse ", "true\n&\r\nfalse", "true& \n\n false"]
)
def test_s1_blanks_between_leaves_do_not_matter(text: str) -> None:
    assert parse(text) == true & false


@pytest.mark.parametrize("blank", ["  ", "\t", "\n", " \r\n\t ", "\xa0"])
@pytest.mark.parametrize(
    "text",
    [
        "always true",
        "daily after 08:00",
        "weekly between Mon 08:00 and Fri 2 PM",
        "time of day before 10:00",
        "every 1 hour , 30 min and 5 s",
        "task 'x' has failed this week before Friday",
        "after any tasks 'x' , 'y' failed",
        "while task 'x' is running",
        "scheduler has more than 3 cycles",
        "cron 0 8 * * mon-fri",
        "param 'x' is 'y'",
        "cpu above 150 % for 10 min",
        "host memory above 90 %",
    ],
)
def test_s1_between_the_words_of_a_leaf_any_blanks_do(text: str, blank: str) -> None:
    assert parse(text.replace(" ", blank)) == parse(text)


def test_s1_blanks_in_what_a_program_gives_do_not_matter_either() -> None:
    assert every("1 hour   30\tmin") == every("1 hour 30 min")
    assert weekly.after("  Mon   08:00") == weekly.after("Mon 08:00")
    with pytest.raises(ConditionError) as caught:
        every("1 hour   30")
    assert (caught.value.text, caught.value.column) == ("1 hour   30", 10)


def test_s1_blanks_in_quotes_count() -> None:
    assert parse("after  task  'a  b'").names() == {"a  b"}
    assert parse("param 'a\n' is \t'  '") == parse("param 'a\n' is '  '")
    assert parse("param 'a' is '  '") != parse("param 'a' is ' '")


@pytest.mark.parametrize(
    "name",
    ["a & b", "a | (b", "~)", "two  blanks", "line\nbreak", "it's", 'a "b"', "'", "''", "and"],
)
def test_s1_inside_quotes_everything_is_literal(name: str) -> None:
    condition = after_success(name)
    assert parse(str(condition)) == condition
    assert condition.names() == {name}


def test_s1_single_and_double_quotes_do() -> None:
    assert parse("after task 'a & b'").names() == {"a & b"}
    assert parse('after task "it\'s"') == parse("after task 'it''s'")


@pytest.mark.parametrize("day", ["Monday", "monday", "MONDAY", "Mon", "mon", "MON"])
def test_s1_day_names_come_in_any_case(day: str) -> None:
    assert parse(f"weekly on {day}") == parse("weekly on Monday")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("always true", True), ("always", True),
        ("false", False), ("always false", False), ("never", False),
    ],
)  # fmt: skip
def test_s1_constants(text: str, value: bool) -> None:
    assert parse(text) == (true if value else false)


#: text, line, column, suggestion ("*": any, "": none), a word of the message
FAULTS = [
    ("", 1, 1, "true", "empty"),
    (" \n ", 1, 1, "true", "empty"),
    ("hello", 1, 1, "", "unknown"),
    ("dayly", 1, 1, "daily", "unknown"),
    ("dialy after 08:00", 1, 1, "daily after 08:00", "unknown"),
    ("time of dya before 10:00", 1, 1, "time of day before 10:00", "unknown"),
    ("hsa succeeded today", 1, 1, "has succeeded today", "unknown"),
    ("after tsk 'x'", 1, 1, "after task 'x'", "unknown"),
    ("after task x", 1, 1, "after task 'x'", "unknown"),
    ("Daily", 1, 1, "daily", "lower case"),
    ("Daily  After   08:00", 1, 1, "daily after 08:00", "lower case"),
    ("daily  after  8", 1, 15, "08:00", "not a time of day"),
    ("true &\n  every   1 hour\n\t30", 3, 2, "30 seconds", "which unit?"),
    ("after  tasks 'a  a' ,\n 'b'   succeded", 2, 8, "succeeded", "none of"),
    ("daily\nafter 08:00\nevery 10 s", 3, 1, "daily after 08:00 & every 10 s", "operator"),
    ("never\n  mind", 1, 1, "*", "`never mind` is unknown"),
    ("true &", 1, 7, "true", "missing after `&`"),
    ("& true", 1, 1, "true", "missing before `&`"),
    ("true & | false", 1, 8, "true &  false", "between `&` and `|`"),
    ("(true & ) | false", 1, 9, "*", "missing"),
    ("()", 1, 2, "*", "missing"),
    ("~", 1, 2, "*", "missing"),
    ("true (false)", 1, 6, "true & (false)", "without an operator"),
    ("(true) false", 1, 8, "(true) & false", "without an operator"),
    ("true ~false", 1, 6, "true & ~false", "without an operator"),
    ("true false", 1, 6, "true & false", "without an operator"),
    ("daily after 08:00 hourly", 1, 19, "daily after 08:00 & hourly", "without an operator"),
    ("daily and hourly", 1, 7, "daily & hourly", "`&`"),
    ("daily or hourly", 1, 7, "daily | hourly", "`|`"),
    ("not daily", 1, 1, "~daily", "`~`"),
    ("true AND false", 1, 6, "true & false", "`AND` is written `&`"),
    ("daily  Or\n hourly", 1, 8, "daily | hourly", "`Or` is written `|`"),
    ("Daily AND Hourly", 1, 7, "daily & hourly", "`and` is written `&`"),
    ("after task x or houry", 1, 1, "after task 'x' | hourly", "unknown"),
    ("NOT daily", 1, 1, "~daily", "`NOT` is written `~`"),
    ("daily and hourly or not true", 1, 7, "daily & hourly | ~true", "`and`"),
    ("every 1 hour and 5 s AND daily", 1, 22, "every 1 hour and 5 s & daily", "`AND`"),
    ("not daily and not hourly", 1, 1, "~daily & ~hourly", "`not`"),
    ("daily not hourly", 1, 7, "daily & ~hourly", "without an operator"),
    ("true and (false)", 1, 6, "&", "`and` is written `&`"),
    ("(true) OR false", 1, 8, "(true) | false", "`OR` is written `|`"),
    ("(true) and (false)", 1, 8, "(true) & (false)", "`and` is written `&`"),
    ("true & not (false)", 1, 8, "~", "`not` is written `~`"),
    ("true & and false", 1, 8, "*", "`and`"),
    ("! daily and true", 1, 1, "~daily & true", "`!` is written `~`"),
    ("!(daily)", 1, 1, "~", "`!` is written `~`"),
    ("notdaily", 1, 1, "*", "unknown"),
    ("!daily", 1, 1, "~daily", "`!` is written `~`"),
    ("true && false", 1, 6, "&", "doubled"),
    ("true || false", 1, 6, "|", "doubled"),
    ("(true", 1, 1, "(true)", "never closed"),
    ("((true)", 1, 1, "((true))", "never closed"),
    ("true)", 1, 5, "true", "closes nothing"),
    ("after task 'x", 1, 12, "after task 'x'", "quote is never closed"),
    ("true &\n after task \"x", 2, 13, '*', "quote is never closed"),
    ("after task ''", 1, 12, "", "cannot be empty"),
    ("daily after 8", 1, 13, "08:00", "not a time of day"),
    ("daily after 25:00", 1, 13, "23:00", "not a time of day"),
    ("daily before 24:00", 1, 14, "00:00", "the next begins"),
    ("daily after 08:60", 1, 13, "08:59", "not a time of day"),
    ("daily after 13 PM", 1, 13, "13:00", "1 to 12"),
    ("daily after 0 AM", 1, 13, "12 AM", "1 to 12"),
    ("daily after 0 pm", 1, 13, "12 PM", "1 to 12"),
    ("daily after", 1, 7, "after 08:00", "needs a time"),
    ("daily between 08:00", 1, 7, "between 08:00 and 10:00", "two times"),
    ("daily until 08:00", 1, 7, "before 08:00", "not a limit"),
    ("daily at 10:30", 1, 7, "daily after 10:30", "starts once a day"),
    ("weekly at Fri", 1, 8, "weekly on Friday", "not a limit"),
    ("monthly 13th", 1, 9, "monthly on 13th", "not a limit"),
    ("monthly last friday", 1, 9, "monthly on last Friday", "not a limit"),
    ("monthly on last", 1, 12, "last day", "not a day of the month"),
    ("monthly on last fryday", 1, 12, "last Friday", "not a day of a month"),
    ("weekly on last", 1, 11, "Sunday", "not a day of the week"),
    ("monthly between 1st Tue and 1st Mon", 1, 9, "on 1st Tuesday", "comes first differs"),
    ("monthly after 32nd", 1, 15, "31st", "1st to 31st"),
    ("monthly after 0", 1, 15, "1st", "1st to 31st"),
    ("monthly after 22th", 1, 15, "22nd", "misspelt"),
    ("weekly on Funday", 1, 11, "Monday", "not a day"),
    ("weekly on Tues", 1, 11, "Tuesday", "not a day"),
    ("hourly after 15", 1, 14, "15:00", "MM:SS"),
    ("hourly after 60:00", 1, 14, "59:00", "00 to 59"),
    ("minutely after 60", 1, 16, "59", "00 to 59"),
    ("every 60", 1, 7, "60 seconds", "which unit?"),
    ("every 1 hour 30", 1, 14, "30 seconds", "which unit?"),
    ("every -1 hour", 1, 7, "1 hour", "negative"),
    ("every 0 s", 1, 7, "1 second", "longer than nothing"),
    ("every", 1, 6, "10 minutes", "missing"),
    ("every 10 mins", 1, 10, "minutes", "not a unit"),
    ("every 01:30", 1, 7, "01:30:00", "HH:MM:SS"),
    ("cron 61 * * * *", 1, 6, "59", "out of range"),
    ("cron 0 24 * * *", 1, 8, "23", "out of range"),
    ("cron 0 0 0 * *", 1, 10, "1", "out of range"),
    ("cron 0 0 * 13 *", 1, 12, "12", "out of range"),
    ("cron 0 0 * * 8", 1, 14, "7", "out of range"),
    ("cron 0 eight * * *", 1, 8, "", "not a number for the hour, 0 to 23"),
    ("cron 0 8am * * *", 1, 8, "8", "not a number for the hour"),
    ("cron 0 0 * * monday", 1, 14, "mon", "0 to 7, nor one of sun to sat"),
    ("cron 0 0 * sept *", 1, 12, "sep", "1 to 12, nor one of jan to dec"),
    ("cron 0 0 * 13th *", 1, 12, "", "not a number for the month"),
    ("cron 0 0 * * 1-8", 1, 16, "7", "out of range"),
    ("cron 0 0 5-2 * *", 1, 10, "5-31,1-2", "backwards"),
    ("cron 0 22-2/2 * * *", 1, 8, "22,0,2", "backwards"),
    ("cron 0 0 * nov-feb *", 1, 12, "11-12,1-2", "backwards"),
    ("cron 0 0 * * sat-mon", 1, 14, "6,0-1", "backwards"),
    ("cron 0 8 ? * mon", 1, 10, "*", "cannot be"),
    ("cron 0 0 8 ? * MON-FRI", 1, 6, "0 8 * * MON-FRI", "5 fields"),
    ("cron 0 8 15W * *", 1, 10, "15", "nearest working day"),
    ("cron 0 8 * * L", 1, 14, "friL", "which weekday"),
    ("cron 0 8 * * fri#6", 1, 14, "fri#5", "at most 5 times"),
    ("cron 0 8 L-30 2 *", 1, 10, "28", "never comes"),
    ("cron */0 * * * *", 1, 6, "*/1", "never moves"),
    ("cron 0 0 30 2 *", 1, 10, "28", "never comes in month `2`"),
    ("cron 0 0 30-31 Feb */2", 1, 10, "28", "never comes in month `Feb`"),
    ("true &\ncron 0 0 31 4,6,9,11 *", 2, 10, "30", "never comes in month `4,6,9,11`"),
    ("cron 0 0 * *", 1, 6, "0 0 * * *", "5 fields"),
    ("cron @daily", 1, 6, "0 0 * * *", "5 fields"),
    ("cron", 1, 5, "", "5 fields"),
    ("cron * * * * * *", 1, 6, "* * * * *", "5 fields"),
    ("cron a b", 1, 6, "", "5 fields"),
    ("time of day", 1, 12, "time of day after 08:00", "needs a limit"),
    ("time of day on 10:00", 1, 13, "after 08:00", "takes before, after, between"),
    ("time of day starting 10:00", 1, 13, "after 08:00", "takes before, after, between"),
    ("after task 'x' succeded", 1, 16, "succeeded", "none of"),
    ("after task 'x' unsuccesful", 1, 16, "unsuccessful", "none of"),
    ("after task 'x' successful", 1, 16, "succeeded", "none of"),
    ("after task 'x' failure", 1, 16, "failed", "none of"),
    ("after task 'x' lost", 1, 16, "succeeded", "none of"),
    ("after task 'a', 'b'", 1, 7, "tasks", "`tasks`"),
    ("cpu above 150 for 1 min", 1, 11, "150 %", "of what"),
    ("memory above 500", 1, 14, "500 MB", "which unit?"),
    ("host load above 4 %", 1, 17, "4", "not a share"),
    ("true\n& false\n| foo", 3, 3, "", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "suggestion", "word"), FAULTS)
def test_s1_a_fault_is_located_and_a_near_form_suggested(
    text: str, line: int, column: int, suggestion: str, word: str
) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    error = caught.value
    assert isinstance(error, ValueError)
    assert (error.line, error.column) == (line, column)
    assert word in error.problem
    assert suggestion in ("*", error.suggestion)
    assert ("did you mean" in str(error)) == bool(error.suggestion)
    message = str(error)
    assert message.startswith(f"line {line}, column {column}: ")
    shown, caret = error.caret.split("\n")
    assert message.endswith(error.caret)
    assert caret.index("^") == 4 + column - 1
    assert shown.strip() == text.split("\n")[line - 1].strip()


@pytest.mark.parametrize("text", [row[0] for row in FAULTS if row[3] not in ("", "*")])
def test_s1_a_suggested_condition_can_be_read_or_is_a_part_of_one(text: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    error = caught.value
    places = [(start, end) for start in (0, error.at) for end in range(start, len(text) + 1)]
    for start, end in places:
        for blank in ("", " "):
            mended = text[:start] + blank + error.suggestion + text[end:]
            try:
                assert isinstance(parse(mended), Condition)
            except ConditionError:
                continue
            return
    pytest.fail(f"{error.suggestion!r} is no condition in place of what it should mend")


def test_s1_an_error_survives_pickling() -> None:
    with pytest.raises(ConditionError) as caught:
        parse("daily after 8")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.suggestion, copy.column) == (str(caught.value), "08:00", 13)


def test_s1_only_text_is_read() -> None:
    for make in (cron, every, daily.after):
        with pytest.raises(ConditionError):
            make(5)  # type: ignore[operator]
    with pytest.raises(ConditionError, match="not int"):
        parse(5)  # type: ignore[arg-type]
    assert parse(daily) is daily


def test_s1_objects_combine_like_texts() -> None:
    assert true & daily | ~false == parse("true & daily | ~false")
    assert all_of([true, any_of([daily, false])]) == parse("true & (daily | false)")
    assert (true & (daily & false)) == parse("true & daily & false")
    assert ~~daily is daily
    assert len({parse("daily & true"), daily & true}) == 1


def test_s1_python_words_for_operators_are_refused() -> None:
    with pytest.raises(TypeError, match="&"):
        daily and true  # noqa: B018
    with pytest.raises(TypeError):
        daily & "true"


def test_s1_an_unknown_task_makes_its_leaf_false_until_it_exists() -> None:
    gone = {"x": [("run", "08:00"), ("success", "08:10")], "y": [("run", "08:00")]}
    for text in ("after task 'x'", "task 'x' has succeeded", "task 'y' is running"):
        condition = parse(text)
        assert condition.names() <= {"x", "y"}
        assert condition.check(view("09:00", (), gone))
        without = view("09:00", (), gone, world=World(tasks={"me"}))
        assert not condition.check(without)
        assert "no task is named" in condition.explain(without).fact
        assert condition.check(view("09:00", (), gone, world=World(tasks={"x", "y"})))
