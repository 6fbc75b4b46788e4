"""The console: the pages where alarms are seen, understood and answered. A process of its own, beside the collector.

It reads the collector's state on disk and sends commands over its socket, as the command line does: whatever happens to it, readings are
taken and alarms raised.
"""
