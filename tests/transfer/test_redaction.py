"""What is to be taken out of a text is not in it in another spelling either."""

import json

from dashboard.redaction import MARK, Redaction


def test_other_strings_of_json_stay_as_they_were_written():
    said = r'{"a": "\u0041 \"b\"", "c": "secret \"d\""} and "an end\"'
    assert Redaction(["secret"]).text(said) == said.replace("secret", MARK)
    assert Redaction(["x"]).text(said) == said


def test_a_quotation_mark_too_many_hides_only_its_own_line():
    said = 'a 5" disk\n{"path": "C:\\\\Users\\\\anna"}'
    assert "anna" not in Redaction([r"C:\\Users\\anna"]).text(said)


def test_strings_in_strings_without_end_are_taken_out_whole():
    said = "line\nline"
    for _ in range(9):
        said = json.dumps(said)
    assert Redaction(["line\nline"]).text(said).strip('\\"') == MARK
