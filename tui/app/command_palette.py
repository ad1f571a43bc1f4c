"""The command palette: what can be done now, from the bindings of the screen below it."""

from collections.abc import Iterator
from functools import partial

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode


class StudyCommands(Provider):
    """Offers every key of the screen that is valid at the moment."""

    def _commands(self) -> Iterator[tuple[DOMNode, Binding]]:
        found: dict[str, tuple[DOMNode, Binding]] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            named = binding.id is not None and binding.description
            if not active.enabled or not named or binding.action == "command_palette":
                continue
            # Of several keys for one action, the one that the footer names.
            if binding.action not in found or (binding.show and not found[binding.action][1].show):
                found[binding.action] = (active.node, binding)
        yield from found.values()

    async def discover(self) -> Hits:
        """Everything, before anything is typed."""
        for node, binding in self._commands():
            yield DiscoveryHit(binding.description, partial(self._run, node, binding), help=_help(binding))

    async def search(self, query: str) -> Hits:
        """What matches in name or explanation."""
        matcher = self.matcher(query)
        for node, binding in self._commands():
            text = f"{binding.description}: {binding.tooltip}"
            score = matcher.match(text)
            if score > 0:
                yield Hit(
                    score, matcher.highlight(text), partial(self._run, node, binding), text=text, help=_help(binding)
                )

    async def _run(self, node: DOMNode, binding: Binding) -> None:
        await self.app.run_action(binding.action, node)


def _help(binding: Binding) -> str:
    return f"{binding.tooltip} (key {binding.key_display or binding.key})" if binding.tooltip else ""
