"""Addresses of version 1."""

from rest_framework.routers import SimpleRouter

from credentials_accredible.rest_api.v1.views.badges import AccredibleBadgeViewSet
from credentials_accredible.rest_api.v1.views.configs import AccredibleAPIConfigViewSet
from credentials_accredible.rest_api.v1.views.groups import AccredibleGroupViewSet
from credentials_accredible.rest_api.v1.views.runs import SyncRunViewSet

app_name = "v1"

router = SimpleRouter()
router.register("configs", AccredibleAPIConfigViewSet, basename="configs")
router.register("runs", SyncRunViewSet, basename="runs")
router.register("groups", AccredibleGroupViewSet, basename="groups")
router.register("badges", AccredibleBadgeViewSet, basename="badges")

urlpatterns = router.urls
