"""What people answer, and how it becomes a command: a signed link and its page, a reply by SMS or WhatsApp, a button in Telegram.

link ─▶ token ─┐
reply ─▶ code ─┼─▶ desk (whose, still open?) ─▶ Command ─▶ the clerk, as for `oxygrid ack` ─▶ words in their language
button ────────┘
"""
