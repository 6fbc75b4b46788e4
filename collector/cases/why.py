from collector.cases.run import Trial


def why(trial: Trial, alarm: str, at_ms: int) -> list[str]:
    return []
