"""What a session tells the app around the screens."""

from textual.message import Message


class StudyShown(Message):
    """Another study is shown: the session's `source` and `state` are its."""


class SessionChanged(Message):
    """Something has come to an end, and is to be looked at now."""


class Complaint(Message):
    """What a user asked for could not be done."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
