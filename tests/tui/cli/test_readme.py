"""What README and manual promise: commands that parse, links that resolve, examples that run, every key of the JSON."""

import json
import re
import shlex
from pathlib import Path

import click
import pytest
from click import Context

from engine.events.study_json import study_to_json
from engine.steps.registry import temporarily
from tui.cli import cli
from tui.tables.pages import page_names, read_page

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MANUAL = {name: (ROOT / "data" / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in page_names()}
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        ROOT / "README.md",
        ROOT / ".github" / "CONTRIBUTING.md",
        *(path for path in (ROOT / "data").rglob("*.md")),
    )
)
EVERYTHING = {file: (ROOT / file).read_text(encoding="utf-8") for file in FILES}

TEMPLATE = (ROOT / "data" / "templates" / "my_steps.py").read_text(encoding="utf-8")

OTHER_TOOLS = {
    *("--check", "--snapshot-update", "--torch-backend", "--reinstall-package", "--pip-args", "--extra-index-url"),
    *("--logdir", "--backend-store-uri", "--project"),
    *("--only", "--out", "--quick", "--steps", "--minutes", "--seed", "--weights"),
    *("--gres", "--mem", "--constraint", "--head", "--address", "--num-cpus"),
}
"""Options of pip, uv, pipx, ruff, pytest, the benchmarks, sbatch, ray and others' viewers."""

MOST_LINES, MOST_COLUMNS, TERMINAL_COLUMNS = 130, 160, 78


def known_options(command):
    names = {name for param in command.params for name in param.opts}
    for child in getattr(command, "commands", {}).values():
        names |= known_options(child)
    return names | {"--help"}


def commands_of(group):
    """Every command of the program that does something."""
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from commands_of(command)
        else:
            yield command


# ---------------------------------------------------------------- the entrance


def test_the_readme_is_short():
    lines = README.splitlines()
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= MOST_COLUMNS


def test_the_readme_begins_with_the_two_commands():
    title, _, start, _, check, *_ = README.splitlines()
    assert title == "# simpsons-tui"
    assert start.startswith("    ")
    assert start.endswith("simpsons-tui")
    assert check.startswith("    ")
    assert check.endswith("-m pytest")


def test_the_readme_leads_to_every_page():
    assert [name for name in page_names()[1:] if f"](data/docs/{name}.md)" not in README] == []


def test_the_list_of_pages_is_whole():
    files = {path.stem for path in (ROOT / "data" / "docs").glob("*.md")}
    assert set(page_names()) == files


@pytest.mark.parametrize("file", FILES)
def test_lines_fit(file):
    assert [line for line in EVERYTHING[file].splitlines() if len(line) > MOST_COLUMNS] == []


@pytest.mark.parametrize("name", page_names())
def test_code_fits_a_terminal(name):
    code = [line for line in MANUAL[name].splitlines() if line.startswith("    ")]
    assert [line for line in code if len(line) > TERMINAL_COLUMNS] == []


# ---------------------------------------------------------------- options and commands


@pytest.mark.parametrize("file", FILES)
def test_every_option_exists(file):
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", EVERYTHING[file]))
    assert named - OTHER_TOOLS - known_options(cli) == set()


def test_the_readme_names_every_command_and_no_other():
    named = {name for found in re.findall(r"(?:`|    |&& )simpsons-tui ([a-z|]+)", README) for name in found.split("|")}
    assert named == set(cli.commands)


@pytest.mark.parametrize("group", ["cache", "runs"])
def test_the_manual_names_every_command_of_a_group(group):
    commands = cli.get_command(Context(cli), group).commands
    text = " ".join(" ".join(MANUAL.values()).split())
    named = {name for found in re.findall(rf"simpsons-tui {group} ([a-z|]+)", text) for name in found.split("|")}
    assert named - {"export"} == set(commands) - {"export"}


def without_fences(text):
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def command_lines(text):
    """What stands after `simpsons-tui` in indented lines and between backticks, as lists of arguments."""
    blocks = [re.split(r"  +(?=\S)", line[4:])[0] for line in text.splitlines() if line.startswith("    ")]
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", without_fences(text))]
    for code in (*blocks, *spans):
        for part in re.split(r" && | > ", code):
            if found := re.match(r"(?:\.venv/bin/)?simpsons-tui(?: (.+)|$)", part.strip()):
                yield from alternatives(shlex.split((found[1] or "").replace("[RUN]", "RUN").replace("[PAGE]", "data")))


def alternatives(arguments):
    """`runs list|show` is two lines."""
    for place, argument in enumerate(arguments):
        if re.fullmatch(r"[a-z]+(\|[a-z]+)+", argument):
            for name in argument.split("|"):
                yield from alternatives([*arguments[:place], name, *arguments[place + 1 :]])
            return
    yield arguments


LINES = [(file, line) for file in FILES for line in command_lines(EVERYTHING[file])]


@pytest.mark.parametrize(("file", "line"), LINES, ids=[f"{file}: {shlex.join(line)}" for file, line in LINES])
def test_every_command_line_parses(file, line, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    arguments = [str(tmp_path / word[2:]) if word.startswith("~/") else word for word in line]
    for word in arguments:  # what the line names is there
        if word.endswith("/"):
            Path(word).mkdir(parents=True, exist_ok=True)
        elif re.search(r"\.(zip|gz|toml|jpg|csv)$", word) or word == "PATH":
            Path(word).parent.mkdir(parents=True, exist_ok=True)
            Path(word).touch()
        elif word.endswith("my_steps.py"):
            Path(word).write_text(TEMPLATE, encoding="utf-8")
        elif found := re.fullmatch(r"(\w+\.py):\w+", word):
            Path(found[1]).touch()
    for command in (cli, *commands_of(cli)):
        monkeypatch.setattr(command, "callback", lambda *_args, **_options: None)
    try:
        with temporarily():  # what the line names is forgotten again
            cli.main(arguments, prog_name="simpsons-tui", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError:  # a group alone
        assert arguments[-1] in {"cache", "runs"}
    except click.MissingParameter:  # a command that is only named
        assert len(arguments) <= 2
        assert arguments[-1] in {"rm", "show", "predict", "explain"}


def test_there_are_command_lines():
    assert len(LINES) > 40
    assert ("data/docs/variants.md", ["tune", "--resume"]) in LINES


def test_the_page_of_steps_shows_the_template():
    (shown, *_) = re.findall(r"```python\n(.*?)```", MANUAL["steps"], re.DOTALL)
    assert TEMPLATE.endswith(f"\n\n{shown}")


# ---------------------------------------------------------------- links and files


def slugs(text):
    """The anchors of a page's headings, as GitHub and Textual make them."""
    titles = re.findall(r"^#+ (.+)$", without_fences(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("file", FILES)
def test_links_resolve(file):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", EVERYTHING[file]):
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        found = ((ROOT / file).parent / path).resolve() if path else ROOT / file
        if not found.exists() or (anchor and anchor not in slugs(found.read_text(encoding="utf-8"))):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("file", FILES)
def test_files_of_the_project_exist(file):
    named = re.findall(r"(?<![\w/.])((?:engine|tui|tests|data|\.github|\.ci)/[\w./-]+)", EVERYTHING[file])
    assert [name for name in named if not (ROOT / name).exists()] == []


# ---------------------------------------------------------------- keys


def test_the_manual_names_every_key():
    from tui.app.app import DashboardApp
    from tui.app.help import sections
    from tui.screens.setup.screen import SetupScreen

    keys = {
        "question_mark": "?",
        "plus": "+",
        "comma": ",",
        "minus": "-",
        "slash": "/",
        "escape": "esc",
        "delete": "del",
    }
    keys |= {"pageup": "pgup", "pagedown": "pgdn", "f1": "F1", "equals_sign": "+", "asterisk": "*", "underscore": "_"}
    keys |= {"left_square_bracket": "[", "right_square_bracket": "]", "less_than_sign": "<", "greater_than_sign": ">"}
    missing = []
    for name, bindings in sections(SetupScreen, DashboardApp).items():
        (part,) = re.findall(rf"^### {name}\n(.*?)(?=^### |\Z)", MANUAL["dashboard"], re.DOTALL | re.MULTILINE)
        if "arrows" in part:
            part += "`up` `down` `left` `right`"
        if digits := re.search(r"`1`-`(\d)`", part):
            part += " ".join(f"`{n}`" for n in range(1, int(digits[1]) + 1))
        bound = [key for binding in bindings for key in binding.key.split(",")]
        missing += [(name, key) for key in bound if f"`{keys.get(key, key)}`" not in part]
    assert missing == []


# ---------------------------------------------------------------- from Python, and JSON


@pytest.mark.usefixtures("studies")
def test_the_python_example_runs(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", MANUAL["json"], re.DOTALL)
    exec(compile(example, "json.md", "exec"), {})
    out = capsys.readouterr().out
    assert "vanilla done 0.8" in out
    assert "StudyFinished" in out


def test_the_json_page_names_every_key(fake_engine):
    from engine.config.study import StudyConfig

    record = fake_engine.run_study(StudyConfig(variants=("vanilla",)))
    data = study_to_json(record)
    page = MANUAL["json"]
    schema = page[page.index('{"schema"') : page.index("A variant that was stopped")]
    keys = {*data, *data["dataset"], *data["variants"]["vanilla"], *data["messages"][0]}
    assert sorted(key for key in keys if f'"{key}"' not in schema) == []


# ---------------------------------------------------------------- the command


def test_docs_alone_lists_the_pages_with_a_line_each(command):
    status, out, err = command("docs")
    assert (status, err) == (0, "")
    for name in page_names()[1:]:
        assert re.search(rf"\[{name}\]\({name}\.md\): \w+", out)


def test_docs_prints_a_page_as_it_is_written(command):
    assert command("docs", "trust") == (0, MANUAL["trust"], "")


def test_docs_renders_a_page_on_a_terminal(command, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    status, out, err = command("docs", "trust")
    assert (status, err) == (0, "")
    assert "Can the answer be trusted?" in out
    assert "# Can the answer" not in out
    assert "─" * 20 in out, "tables are drawn"
    assert "data.md" not in out, "links between pages lead nowhere in a terminal"


def test_docs_names_the_nearest_page(command):
    status, out, err = command("docs", "archtecture")
    assert (status, out) == (2, "")
    assert "did you mean 'architecture'?" in err
    assert err.count("\n") == 1


def test_pages_are_read_from_what_is_installed():
    assert read_page("data") == MANUAL["data"]


def test_the_issue_forms_and_the_workflow_are_valid():
    yaml = pytest.importorskip("yaml")
    forms = [yaml.safe_load(path.read_text()) for path in sorted((ROOT / ".github").rglob("*.yml"))]
    assert len(forms) == 4
    assert json.dumps(forms).count(".ci/run") >= 1
