"""The ways out: each sends one envelope, or raises SendError in words without secrets.

Every wait is bounded by the channel's time-out. TLS certificates are always verified. Secrets are read when they are used.
"""

from collector.notify.channels.base import Channel, Secret, SendError
from collector.notify.channels.build import channel_of
from collector.notify.channels.by_apprise import AppriseOptions, AppriseSender
from collector.notify.channels.gsm import GsmOptions, GsmSender
from collector.notify.channels.log import LogSender
from collector.notify.channels.mail import SmtpOptions, SmtpSender, mail, smtp_error
from collector.notify.channels.ntfy import NtfyOptions, NtfySender, ntfy_body
from collector.notify.channels.telegram import TelegramOptions, TelegramSender, telegram_body
from collector.notify.channels.webhook import WebhookOptions, WebhookSender, webhook_body

__all__ = [
    "AppriseOptions", "AppriseSender", "Channel", "GsmOptions", "GsmSender", "LogSender", "NtfyOptions", "NtfySender", "Secret",
    "SendError", "SmtpOptions", "SmtpSender", "TelegramOptions", "TelegramSender", "WebhookOptions", "WebhookSender", "channel_of",
    "mail", "ntfy_body", "smtp_error", "telegram_body", "webhook_body",
]  # fmt: skip
