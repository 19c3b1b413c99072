"""Addresses of version 1."""

from rest_framework.routers import SimpleRouter

from credentials_accredible.rest_api.v1.retirements import RetirementViewSet
from credentials_accredible.rest_api.v1.views import (
    AccredibleAPIConfigViewSet,
    AccredibleBadgeViewSet,
    AccredibleGroupViewSet,
    SyncRunViewSet,
)

app_name = "v1"

router = SimpleRouter()
router.register("configs", AccredibleAPIConfigViewSet, basename="configs")
router.register("runs", SyncRunViewSet, basename="runs")
router.register("groups", AccredibleGroupViewSet, basename="groups")
router.register("badges", AccredibleBadgeViewSet, basename="badges")
router.register("retirements", RetirementViewSet, basename="retirements")

urlpatterns = router.urls
