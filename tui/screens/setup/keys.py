"""The keys of the set-up."""

from textual.binding import BindingType

from tui.looks.keys import bind

SETUP_KEYS: list[BindingType] = [
    bind("setup.start", "enter", "start", "Start", "Train the chosen variants", priority=True),
    bind("setup.toggle", "space", "choose('marked')", "Choose", "Take the marked variant in or out"),
    *(
        bind(f"setup.variant{n}", str(n), f"toggle_variant({n})", f"Variant {n}", "Take it in or out", show=False)
        for n in range(1, 10)
    ),
    bind("setup.all", "a", "choose('study')", "All", "Take the paper's four variants, or none", show=False),
    bind("setup.listed", "asterisk", "choose('listed')", "Listed", "All of the list, or none", show=False, display="*"),
    bind("setup.combinations", "A", "choose('combinations')", "Combinations", "All eight of three steps", show=False),
    bind("setup.build", "plus", "build", "Build", "Build variants: pick, order and set steps", show=False, display="+"),
    bind("setup.drop", "minus", "choose('drop')", "Drop", "Take the marked off the list", show=False, display="-"),
    bind("setup.clear", "underscore", "choose('clear')", "Clear", "Take all added off it", show=False, display="_"),
    bind("setup.recipe", "r", "recipe", "Recipe", "The next recipe"),
    bind("setup.protocol", "p", "protocol", "Protocol", "The next protocol: what trains, what tests"),
    bind("setup.edit", "e", "edit", "Edit", "Change the recipe's numbers, seeds and folds"),
    bind("setup.data", "d", "data", "Data", "Name another folder or archive with images"),
    bind("setup.reading", "l", "reading", "Layout", "Choose what trains and what tests of these folders", show=False),
    bind("setup.watch", "w", "watch", "Watch", "Watch the study that runs in another process", show=False),
    bind("setup.history", "h", "app.history", "History", "All runs: open, compare, resume, remove", show=False),
    bind("setup.save", "s", "save", "Save", "Write this study as a file, for --study", show=False),
    bind("setup.audit", "u", "audit", "Audit", "Copies, leaks and odd files among the images"),
    bind("setup.tune", "t", "tune", "Tune", "Search for better numbers of the recipe", show=False),
    bind("setup.browse", "b", "browse", "Browse", "Look at the images, class by class"),
]
