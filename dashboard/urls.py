"""The dashboard's URLs."""

from django.urls import path

from dashboard import acting
from dashboard.views.agents import agents
from dashboard.views.compose import compose, preview
from dashboard.views.enrolling import agent_keys, agent_new, key_connection
from dashboard.views.events import events
from dashboard.views.exports import export
from dashboard.views.graph import events as graph_events
from dashboard.views.graph import state as graph_state
from dashboard.views.graph import traffic_of
from dashboard.views.handoffs import handoffs
from dashboard.views.live import live
from dashboard.views.messages import export as message_export
from dashboard.views.messages import messages
from dashboard.views.onboarding import connecting
from dashboard.views.search import search
from dashboard.views.settings import figures, section, settings
from dashboard.views.talks import talk_export, topic_export
from dashboard.views.topic import post as topic_post
from dashboard.views.topic import topic
from dashboard.views.topics import topics

urlpatterns = [
    path("", live, name="live"),
    path("messages", messages, name="messages"),
    path("messages/<slug:name>.json", message_export, name="message_export"),
    path("handoffs", handoffs, name="handoffs"),
    path("topics", topics, name="topics"),
    path("topics/<slug:name>", topic, name="topic"),
    path("topics/<slug:name>/post", topic_post, name="topic_post"),
    path("topics/<slug:name>/export", topic_export, name="topic_export"),
    path("agents", agents, name="agents"),
    path("agents/new", agent_new, name="agent-new"),
    path("agents/<str:name>/keys", agent_keys, name="agent-keys"),
    path("agents/<str:name>/keys/<slug:prefix>/connection", key_connection, name="key-connection"),
    path("agents/<str:name>/with/<str:peer>", talk_export, name="talk_export"),
    path("events", events, name="events"),
    path("events/export", export, name="events_export"),
    path("search", search, name="search"),
    path("settings", settings, name="settings"),
    path("settings/figures", figures, name="settings_figures"),
    path("settings/<slug:slug>", section, name="settings_section"),
    path("welcome", connecting, name="welcome"),
    path("compose", compose, name="compose"),
    path("compose/preview", preview, name="compose_preview"),
    path("live/state", graph_state, name="graph_state"),
    path("live/events", graph_events, name="graph_events"),
    path("live/traffic", traffic_of, name="graph_traffic"),
    path("do/<slug:operation>", acting.act, name="do"),
]
