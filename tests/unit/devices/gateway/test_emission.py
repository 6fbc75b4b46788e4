from __future__ import annotations

from devices.assets import Gateway, Pipeline, Site
from devices.gateway.emission import Link, links_of


def site(*gateways: Gateway) -> Site:
    lines = tuple(Pipeline(id=f"line{n}", kind="pipeline", nominal_bar=4.1) for n in (1, 2, 3))
    return Site(id="clinic", assets=(*lines, *gateways))


def gateway(name: str, *assets: str) -> Gateway:
    return Gateway(id=name, kind="gateway", assets=assets)


def test_one_link_without_a_gateway_and_no_status() -> None:
    (link,) = links_of(site())
    assert link == Link("clinic", None, ("line1", "line2", "line3"))
    assert link.status_topic("oxygrid/v1") is None


def test_one_link_per_gateway_each_with_its_assets_and_itself() -> None:
    links = links_of(site(gateway("gw1", "line1"), gateway("gw2", "line2", "line3")))
    assert [(link.gateway, link.assets) for link in links] == [("gw1", ("line1", "gw1")), ("gw2", ("line2", "line3", "gw2"))]


def test_what_no_gateway_names_goes_through_the_first() -> None:
    links = links_of(site(gateway("gw1"), gateway("gw2", "line2")))
    assert [(link.gateway, link.assets) for link in links] == [("gw1", ("line1", "line3", "gw1")), ("gw2", ("line2", "gw2"))]


def test_what_two_name_belongs_to_the_first() -> None:
    links = links_of(site(gateway("gw1", "line1", "gw2"), gateway("gw2", "line1", "line2", "line3")))
    assert [link.assets for link in links] == [("line1", "gw1"), ("line2", "line3", "gw2")]


def test_topics() -> None:
    link = Link("clinic", "gw1", ("line1", "gw1"))
    assert link.topic("oxygrid/v1", "line1") == "oxygrid/v1/clinic/line1"
    assert link.status_topic("oxygrid/v1") == "oxygrid/v1/clinic/gw1/status"
