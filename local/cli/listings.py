"""`stock-ai listings`: what symbols are called, where they trade and what their companies do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.markup import escape
from rich.table import Table

from functions.data_collector.describing import keep
from local.cli.output import JsonOption, print_json, results
from local.home import Home
from local.session import connect
from stock_ai.clock import utc_now
from stock_ai.market.calendar import exchange_date
from stock_ai.models.listing import Listing
from stock_ai.ports.prices import Listings
from stock_ai.sources.listing_files import COLUMNS, read_listings
from stock_ai.storage.listings import MongoListings

app = typer.Typer(help="Name, exchange and sector of each symbol.", no_args_is_help=True)

IMPORTED = "file"
"""The `source` of listings that were imported."""


@contextmanager
def _store(context: typer.Context) -> Iterator[Listings]:
    """The store that the caller of the commands gives, else that of the last run."""
    if context.obj is not None:
        yield cast("Callable[[], Listings]", context.obj)()
        return
    with connect(Home.from_environment()) as session:
        yield MongoListings(session.database)


@app.command("show")
def show(context: typer.Context, json: JsonOption = False) -> None:
    """Show every symbol with its name, exchange and sector."""
    with _store(context) as store:
        listings = [listing for _, listing in sorted(store.all().items())]
    if json:
        print_json({"listings": [_document(listing) for listing in listings]})
        return
    table = Table("symbol", "exchange", "sector", "name", "as of", "source")
    for one in listings:
        name, sector = one.name or one.name_en or "", one.sector.label if one.sector else ""
        table.add_row(one.symbol, one.exchange or "", sector, escape(name), str(one.as_of), one.source or "")
    results.print(table)
    counts = Counter(listing.exchange or "none" for listing in listings)
    told = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
    results.print(f"{len(listings):,} symbols ({told})" if listings else "no listings", highlight=False)


@app.command("import")
def import_listings(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=f"CSV with the columns {', '.join(COLUMNS)}.")],
    json: JsonOption = False,
) -> None:
    """Take names, exchanges and sectors from a CSV file; an empty cell leaves what is known.

    A live source says them anew after each close.
    """
    # Before any server is started.
    listings = read_listings(file, exchange_date(utc_now()), IMPORTED)
    with _store(context) as store:
        changed, moves = keep(listings, store)
    if json:
        print_json({"read": len(listings), "changed": changed, "moved": [asdict(move) for move in moves]})
        return
    for move in moves:
        results.print(f"{move.symbol} moved from {move.before} to {move.after}", highlight=False)
    results.print(f"{len(listings):,} symbols read, {changed:,} changed", highlight=False)


def _document(listing: Listing) -> dict[str, Any]:
    sector = listing.sector
    return {
        "symbol": listing.symbol,
        "exchange": listing.exchange,
        "name": listing.name,
        "name_en": listing.name_en,
        "sector": sector,
        "sector_label": sector and sector.label,
        "sector_label_vi": sector and sector.label_vi,
        "as_of": listing.as_of,
        "source": listing.source,
        "simulated": listing.simulated,
    }
