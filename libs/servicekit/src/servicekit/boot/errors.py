"""Why a process does not begin."""


class Misconfigured(Exception):
    """Names the setting and what to do about it, and holds no value of one."""

    def __init__(self, setting: str, problem: str) -> None:
        self.setting = setting
        super().__init__(f"LEADWIRE_{setting.upper()}: {problem}")
