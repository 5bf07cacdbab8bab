import pytest

from tests.ecoindex import ecoindex


@pytest.mark.parametrize(
    "elements,requests,kilobytes,mark",
    [
        pytest.param(100, 100, 100, 72, id="the method's first check vector"),
        pytest.param(240, 20, 331, 83, id="the method's second check vector"),
        pytest.param(0, 0, 0, 100, id="nothing at all"),
        pytest.param(594601, 3920, 223212.26, 0, id="the heaviest page of the world"),
        pytest.param(10**7, 10**5, 10**7, 0, id="heavier still"),
    ],
)
def test_the_mark_is_that_of_the_method(elements: int, requests: int, kilobytes: float, mark: int) -> None:
    assert ecoindex(elements=elements, requests=requests, kilobytes=kilobytes) == mark
