"""The sample shop's invoice, as a page that prints on one sheet."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from actions.shop.backend import Customer, Invoice, Order


def invoice(order: Order, customer: Customer, totals: Mapping[str, Any]) -> Invoice:
    """A copy of the invoice as an HTML file without anything that would have to be loaded."""
    rows = "".join(
        f"<tr><td>{escape(item.name)}, {escape(item.variant)}<td>{item.quantity}<td>£{item.price:.2f}"
        f"<td>£{item.price * item.quantity:.2f}" for item in order.items
    )
    sums = "".join(
        f"<tr><td colspan=3>{words}<td>£{float(totals.get(name) or 0):.2f}"
        for name, words in (("delivery", "Delivery"), ("gift_wrap", "Gift wrap"), ("discount", "Discount"))
        if totals.get(name)
    )
    sent_to = order.delivery.address
    where = "<br>".join(escape(part) for part in (sent_to.line1, sent_to.line2, sent_to.town, sent_to.postcode,
                                                  sent_to.country) if part) if sent_to else ""
    page = f"""<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>Invoice {order.number}</title>
<style>body{{font:14px/1.5 sans-serif;max-width:44em;margin:3em auto}}table{{width:100%;border-collapse:collapse}}
td,th{{padding:.4em;border-bottom:1px solid #ccc;text-align:left}}
td:last-child,th:last-child{{text-align:right}}</style>
<h1>Invoice {order.number}</h1><p>Larkmoor Ltd, 14 Weaver's Yard, Halden Bridge HB3 7QT</p>
<p>{escape(customer.name)}<br>{where}</p><p>Ordered on {order.placed.isoformat()}, paid by {escape(order.payment)}</p>
<table><tr><th>Article<th>Pieces<th>Price<th>Sum{rows}{sums}<tr><th colspan=3>Total, VAT included
<th>£{order.total:.2f}</table></html>"""
    return Invoice(order.number, order.placed, f"invoice-{order.number}.html", "text/html", page.encode())
