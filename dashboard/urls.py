"""The dashboard's URLs."""

from django.urls import path

from dashboard import acting
from dashboard.views.agents import agents
from dashboard.views.compose import compose
from dashboard.views.events import events
from dashboard.views.handoffs import handoffs
from dashboard.views.live import live
from dashboard.views.messages import messages
from dashboard.views.settings import settings

urlpatterns = [
    path("", live, name="live"),
    path("messages", messages, name="messages"),
    path("handoffs", handoffs, name="handoffs"),
    path("agents", agents, name="agents"),
    path("events", events, name="events"),
    path("settings", settings, name="settings"),
    path("compose", compose, name="compose"),
    path("do/<slug:operation>", acting.act, name="do"),
]
