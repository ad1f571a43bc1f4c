"""Naming steps of the user's own: what a file or a package may hold, and one line for whatever is wrong with it."""

import hashlib
import re
import sys
from importlib.metadata import EntryPoint

import pytest

from engine.config.own_steps import OwnStep, require_named, stored_summary
from engine.config.study import StudyConfig
from engine.errors import InputError
from engine.steps.registry import find_step, known_steps, named_steps, temporarily
from engine.system import own_step_code
from engine.system.own_code import load_file, printed
from engine.system.own_step_code import name_steps, try_step

HEAD = "from engine.steps import Parameter, StepSpec, step\n"
GOOD = HEAD + '@step("seen", Parameter("level", 3, 0, 9))\ndef mine(pixels, *, level):\n    return 255 - pixels\n'


@pytest.fixture(autouse=True)
def nothing_named_before():
    """No test sees what another one named."""
    with temporarily():
        yield


@pytest.fixture
def file(tmp_path):
    def write(source, name="my_steps.py"):
        path = tmp_path / name
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return path

    return write


def declared(parameters="", function="def mine(pixels):\n    return pixels\n", more=""):
    return f'{HEAD}@step("seen"{parameters}{more})\n{function}'


BAD_FILES = {
    "syntax error": ("def mine(pixels:\n", r"line 1: '\(' was never closed"),
    "not text": (b"\x00\xff\xfe", "source code string cannot contain null bytes|invalid"),
    "raises when it is loaded": ("x = 1\nopen('no-such-file')\n", "line 2: FileNotFoundError"),
    "ends the program": ("import sys\nsys.exit(3)\n", "line 2: SystemExit: 3"),
    "imports what is not there": ("import no_such_library\n", "line 1: ModuleNotFoundError"),
    "no step": ("def mine(pixels):\n    return pixels\n", "holds no step: declare one with the decorator step"),
    "only steps that ship": ("from engine.steps.clahe import clahe\n", "holds no step"),
    "decorator without a summary": (f"{HEAD}@step\ndef mine(pixels): ...\n", r"TypeError: write @step\("),
    "the name of one that ships": (
        declared(more=', name="clahe"'),
        "there is one of this name already: call it otherwise, in line 2",
    ),
    "a word of the grammar": (declared(more=', name="orders"'), "a name is a word"),
    "a name with a blank": (declared(more=', name="my step"'), "a name is a word"),
    "two of one name": (declared() + '@step("b", name="mine")\ndef other(pixels): ...\n', "one of this name already"),
    "a default outside its bounds": (declared(', Parameter("level", 12, 0, 9)'), "default 12 is not one of the values"),
    "a default of no type": (declared(', Parameter("level", None)'), "neither a number nor a text"),
    "bounds of no type": (declared(', Parameter("level", 3, "0")'), "its bounds are numbers"),
    "a parameter without its class": (declared(', "level"'), "write each of its parameters as Parameter"),
    "a parameter that the function lacks": (declared(', Parameter("level", 3)'), "unexpected keyword argument 'level'"),
    "a parameter that is not declared": (
        declared(function="def mine(pixels, *, level): ...\n"),
        "its function must take pixels: missing a required argument: 'level'",
    ),
    "a default that is no parameter": (
        declared(function="def mine(pixels, *, level=4):\n    return pixels\n"),
        r'level has a default but no Parameter: add Parameter\("level", 4, \.\.\.\)',
    ),
    "an odd place": (declared(more=', place="middle"'), 'its place is "any" or "first"'),
    "a library that is not there": (declared(more=', libraries=["no-such"]'), "its library 'no-such' is not installed"),
    "an unknown word": (declared(more=", cost=3"), "unexpected keyword argument 'cost'"),
}


@pytest.mark.parametrize(("source", "words"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_one_line_that_names_it_and_leaves_nothing(file, source, words):
    before, path = known_steps(), file(source)
    with pytest.raises(InputError) as refused:
        name_steps(str(path))
    said = str(refused.value)
    assert (said.startswith("--steps "), str(path) in said, "\n" in said) == (True, True, False)
    assert re.search(words, said), said
    assert known_steps() == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no.py", "cannot be read: No such file"),
        ("nothing", "there is no such file"),
        ("table.csv", "is no Python file"),
        ("folder.py", "cannot be read: Is a directory"),
    ],
)
def test_what_is_no_file_is_said(tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").touch()
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(InputError, match=words):
        name_steps(name)


def test_a_good_file_is_known_by_its_source(file):
    path = file(GOOD)
    (spec,) = name_steps(str(path))
    assert find_step("mine") is spec
    assert (spec.source, spec.origin) == (hashlib.sha256(path.read_bytes()).hexdigest(), str(path))
    assert named_steps() == (str(path),)
    assert try_step(spec, (20, 30)) > 0


def test_a_file_named_twice_is_run_once_and_one_that_has_changed_is_refused(file):
    path = file(GOOD)
    assert name_steps(str(path)) == name_steps(str(path))
    file(GOOD.replace("255", "254"))
    with pytest.raises(InputError, match="has changed since this program began"):
        name_steps(str(path))


def test_two_files_with_one_step_are_refused_and_the_other_is_named(file):
    first, second = file(GOOD), file(GOOD, "others.py")
    name_steps(str(first))
    with pytest.raises(InputError, match=f"others.py: step 'mine': .* already, of {first}"):
        name_steps(str(second))


def test_files_of_one_name_in_two_folders_are_two_modules(tmp_path):
    modules = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "same.py").write_text(f"NUMBER = {number}\n")
        modules.append(load_file(folder / "same.py", "--steps")[0])
    assert [module.NUMBER for module in modules] == [1, 2]
    assert len({module.__name__ for module in modules}) == 2


def test_what_a_file_prints_is_kept_and_what_it_writes_elsewhere_is_not(file, capsys):
    name_steps(
        str(file(f"import sys\nprint('hello', 3)\nprint('aside', file=sys.stderr)\nsys.stdout.write('x\\n')\n{GOOD}"))
    )
    assert printed.drain() == ["hello 3", "x"]
    assert capsys.readouterr() == ("", "aside\n")


def test_one_print_without_end_is_bounded(file):
    name_steps(str(file(f"for n in range(1000): print('x' * 10_000)\nprint('y' * 10**6, end='')\n{GOOD}")))
    lines = printed.drain()
    assert len(lines) <= 21
    assert max(map(len, lines)) <= 200


# ---------------------------------------------------------------- installed packages


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Installs a module and has it offer what an entry point names."""

    def install(source, **points):
        (tmp_path / "their_steps.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "their_steps", raising=False)
        found = [EntryPoint(name, f"their_steps{value}", own_step_code.GROUP) for name, value in points.items()]
        monkeypatch.setattr(own_step_code, "entry_points", lambda group: found if group == own_step_code.GROUP else [])
        monkeypatch.setattr(own_step_code, "_package", lambda point: "their-package")

    return install


def test_a_package_is_run_only_where_it_is_named(package):
    package(GOOD, all="", one=":mine")
    assert "their_steps" not in sys.modules
    assert find_step("mine") is None
    (spec,) = name_steps("their-package:all")
    assert (find_step("mine"), spec.origin) == (spec, "their-package:all")
    assert len(spec.source) == 64


def test_an_entry_point_may_be_one_step(package):
    package(GOOD, one=":mine")
    assert [spec.name for spec in name_steps("one")] == ["mine"]


@pytest.mark.parametrize(
    ("source", "name", "words"),
    [
        (GOOD, "al", "choose from their-package:all, their-package:one"),
        ("raise OSError('no disk')\n", "all", "--steps all: their_steps: OSError: no disk"),
        ("x = 3\n", "all", "holds no step"),
        ("x = 3\n", "one", "AttributeError"),
    ],
)
def test_a_package_that_offers_no_step_is_one_line(package, source, name, words):
    package(source, all="", one=":mine")
    with pytest.raises(InputError, match=words) as refused:
        name_steps(name)
    assert "\n" not in str(refused.value)


# ---------------------------------------------------------------- what a study stores


def test_a_configuration_holds_the_steps_that_its_variants_use(file):
    path = file(GOOD + GOOD.partition("\n")[2].replace("mine", "other"))
    name_steps(str(path))
    config = StudyConfig(variants=("denoise+mine(level=4)", "vanilla"))
    assert [(own.name, own.origin, own.parameters) for own in config.steps] == [("mine", str(path), (("level", "3"),))]
    assert StudyConfig(variants=("vanilla",)).steps == ()


def test_a_stored_configuration_is_read_without_its_steps_and_keeps_their_names():
    stored = OwnStep("mine", "/some/where.py", "ab" * 32)
    config = StudyConfig(variants=("mine(level=4)+denoise", "vanilla"), steps=(stored,))
    assert config.variants == ("mine(level=4)+denoise", "vanilla")
    config.require_steps("vanilla")
    with pytest.raises(
        InputError, match=r"'mine' of /some/where.py \(sha256 abababababab\).*add --steps /some/where.py"
    ):
        config.require_steps()
    with pytest.raises(InputError, match="unknown step 'yours'"):
        StudyConfig(variants=("yours+mine", "yours+denoise"), steps=(stored,))


def test_a_study_says_what_its_steps_do_without_their_code():
    stored = (
        OwnStep("mine", "/some/where.py", "ab" * 32, summary="inverted"),
        OwnStep("early", "/some/where.py", "ab" * 32, summary="turned", place="first"),
        OwnStep("old", "/some/where.py", "ab" * 32),
    )
    assert stored_summary("early+mine(level=4,way=up)+old", stored) == (
        "turned, resized, inverted with level 4 and way up, step old"
    )


def test_a_step_that_ships_under_the_name_of_a_stored_one_is_another():
    with pytest.raises(InputError, match="now one that ships with the program"):
        require_named([OwnStep("clahe", "/some/where.py", "ab" * 32)], "denoise+clahe")
