"""A wrong command line is one line on standard error and exit code 2, never a traceback."""

import signal

import pytest

from local.cli.app import main


@pytest.fixture(autouse=True)
def handlers():
    kept = {stop: signal.getsignal(stop) for stop in (signal.SIGINT, signal.SIGTERM)}
    yield
    for stop, handler in kept.items():
        signal.signal(stop, handler)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("up --nonsense", "No such option: --nonsense"),
        ("nonsense", "No such command 'nonsense'"),
        ("quality --symbol", "requires an argument"),
        ("quarantine correct some-id", "Missing option '--set'"),
        ("backfill --interval 7D", "7D"),
    ],
)
def test_a_wrong_command_line_is_refused_in_one_line(line, said, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["stock-ai", *line.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
