-- Tables that the importer reads, from a database that okto-nexus 0.1.10 wrote for tests/transfer/okto.py.
CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL);
INSERT INTO schema_migrations VALUES(1,'2026-11-27T06:23:47.875260Z');
INSERT INTO schema_migrations VALUES(2,'2026-11-27T06:23:47.883907Z');
INSERT INTO schema_migrations VALUES(3,'2026-11-27T06:23:47.893987Z');
INSERT INTO schema_migrations VALUES(4,'2026-11-27T06:23:47.899792Z');
INSERT INTO schema_migrations VALUES(5,'2026-11-27T06:23:47.908122Z');
INSERT INTO schema_migrations VALUES(6,'2026-11-27T06:23:47.915891Z');
INSERT INTO schema_migrations VALUES(7,'2026-11-27T06:23:47.924985Z');
INSERT INTO schema_migrations VALUES(8,'2026-11-27T06:23:47.931950Z');
INSERT INTO schema_migrations VALUES(9,'2026-11-27T06:23:47.937341Z');
INSERT INTO schema_migrations VALUES(10,'2026-11-27T06:23:47.947670Z');
INSERT INTO schema_migrations VALUES(11,'2026-11-27T06:23:47.956060Z');
INSERT INTO schema_migrations VALUES(12,'2026-11-27T06:23:47.963709Z');
INSERT INTO schema_migrations VALUES(13,'2026-11-27T06:23:47.976211Z');
INSERT INTO schema_migrations VALUES(14,'2026-11-27T06:23:47.980120Z');
INSERT INTO schema_migrations VALUES(15,'2026-11-27T06:23:47.988145Z');
INSERT INTO schema_migrations VALUES(16,'2026-11-27T06:23:47.996062Z');
INSERT INTO schema_migrations VALUES(17,'2026-11-27T06:23:48.002913Z');
INSERT INTO schema_migrations VALUES(18,'2026-11-27T06:23:48.012446Z');
INSERT INTO schema_migrations VALUES(19,'2026-11-27T06:23:48.019721Z');
INSERT INTO schema_migrations VALUES(20,'2026-11-27T06:23:48.031964Z');
INSERT INTO schema_migrations VALUES(21,'2026-11-27T06:23:48.048714Z');
INSERT INTO schema_migrations VALUES(22,'2026-11-27T06:23:48.052495Z');
INSERT INTO schema_migrations VALUES(23,'2026-11-27T06:23:48.071670Z');
INSERT INTO schema_migrations VALUES(24,'2026-11-27T06:23:48.084764Z');
INSERT INTO schema_migrations VALUES(25,'2026-11-27T06:23:48.092296Z');
INSERT INTO schema_migrations VALUES(26,'2026-11-27T06:23:48.099878Z');
INSERT INTO schema_migrations VALUES(27,'2026-11-27T06:23:48.116052Z');
INSERT INTO schema_migrations VALUES(28,'2026-11-27T06:23:48.134099Z');
CREATE TABLE workspaces (
    workspace_id TEXT PRIMARY KEY,
    display_name TEXT,
    root_realpath TEXT,
    created_at TEXT NOT NULL,
    last_seen_at TEXT
);
INSERT INTO workspaces VALUES('e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'/home/you/shop','2026-11-27T06:23:51.507662Z','2026-11-27T06:23:52.730146Z');
CREATE TABLE agents (
    agent_id TEXT PRIMARY KEY,
    role TEXT,
    capabilities TEXT,
    metadata TEXT,
    created_at TEXT NOT NULL
, last_seen_at TEXT, api_key_hash TEXT, is_active INTEGER NOT NULL DEFAULT 1, permissions TEXT, preset_id TEXT, tags TEXT, comm_scope TEXT, color TEXT);
INSERT INTO agents VALUES('operator','operator',NULL,NULL,'2026-11-27T06:23:48.186296Z',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL);
INSERT INTO agents VALUES('ann','lead','{"python": true}',NULL,'2026-11-27T06:23:51.152952Z','2026-11-27T06:23:53.231038Z','9980b04b86de4f720f4ba1f3f458c98a1e0e9c244c260b87889a763983f209dc',1,NULL,NULL,NULL,NULL,NULL);
INSERT INTO agents VALUES('ben.b','reviewer','{"review": true}',NULL,'2026-11-27T06:23:51.225053Z','2026-11-27T06:23:53.607286Z','29bc67cbc722430c10730afda4399d86060da860102bbf1caf7d25fdc776111d',1,NULL,NULL,NULL,NULL,NULL);
INSERT INTO agents VALUES('carla','tester',NULL,NULL,'2026-11-27T06:23:51.259701Z','2026-11-27T06:23:52.730146Z','d4eb9fa90433e63fa058ee25c6c05d9124fdf9c941cae81696ba6a6ba4e44756',1,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL REFERENCES agents(agent_id),
    workspace_id TEXT NOT NULL REFERENCES workspaces(workspace_id),
    status TEXT NOT NULL,
    started_at TEXT NOT NULL,
    last_heartbeat_at TEXT
, closed_at TEXT, session_secret TEXT);
INSERT INTO sessions VALUES('ses_2e271a9493f54ed094f9756bc50ba7ec','ann','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','active','2026-11-27T06:23:51.616826Z','2026-11-27T06:23:51.616826Z',NULL,'c4ec531e-3e3c-4a1a-8baa-f904bd442357');
INSERT INTO sessions VALUES('ses_29dc143daf774c9eab410cdc05a1074f','ben.b','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','active','2026-11-27T06:23:51.811508Z','2026-11-27T06:23:51.811508Z',NULL,'02222657-92a7-4d02-91c8-a3f663c88813');
INSERT INTO sessions VALUES('ses_a89656af8b7e4140a315260fb73ff6c0','carla','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','active','2026-11-27T06:23:52.053467Z','2026-11-27T06:23:52.053467Z',NULL,'0a785d8e-7cc4-4f5c-a4b9-552c4044f176');
CREATE TABLE channels (
    channel_id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces(workspace_id),
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (workspace_id, name)
);
CREATE TABLE messages (
    message_id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces(workspace_id),
    channel_id TEXT REFERENCES channels(channel_id),
    from_agent_id TEXT NOT NULL,
    from_session_id TEXT,
    target TEXT,
    subject TEXT,
    body TEXT,
    artifacts TEXT,
    parent_message_id TEXT REFERENCES messages(message_id),
    created_at TEXT NOT NULL
, trace_id TEXT);
INSERT INTO messages VALUES('msg_fdc1602129b0471c8caf69ee4045edd6','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'ann',NULL,'{"strategy": "direct", "agent_id": "ben.b"}','Plan','# Plan

Ship **it** — ünï 🛟.','[]',NULL,'2026-11-27T06:23:52.142136Z',NULL);
INSERT INTO messages VALUES('msg_d64d9a6ce02248f99bc2b92bd76736ba','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'ben.b',NULL,'{"strategy": "direct", "agent_id": "ann"}','read receipt: Plan read by ben.b','{"kind": "message.read_receipt", "read_by": "ben.b", "read_at": "2026-11-27T06:23:52.427779Z", "message_ids": ["msg_fdc1602129b0471c8caf69ee4045edd6"], "subjects": ["Plan"]}','[]',NULL,'2026-11-27T06:23:52.427779Z',NULL);
INSERT INTO messages VALUES('msg_c0dc2281a13641ea9a84570b2b6cf57c','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'ben.b',NULL,'{"strategy": "direct", "agent_id": "ann"}','Re: Plan','Yes.','[]','msg_fdc1602129b0471c8caf69ee4045edd6','2026-11-27T06:23:52.562744Z',NULL);
INSERT INTO messages VALUES('msg_28382bc99f664f948e3f845826acbe01','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'carla',NULL,NULL,'To all','Tests are green.','[]',NULL,'2026-11-27T06:23:52.730146Z',NULL);
INSERT INTO messages VALUES('msg_bb9aab0eeb8d4d5db6a9a0c07ed3cdfd','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'ann',NULL,'{"strategy": "direct", "agent_id": "ben.b"}','handoff hof_1f5a58ff7c784feaa3ddd516df121085 directed to you','{"kind": "handoff.directed", "handoff_id": "hof_1f5a58ff7c784feaa3ddd516df121085", "from_agent_id": "ann", "next_step": "handoff_claim with this handoff_id"}','[]',NULL,'2026-11-27T06:23:52.900054Z',NULL);
INSERT INTO messages VALUES('msg_68ca5fbedb284a5ba8266264fb1c0dd5','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'ann',NULL,'{"strategy": "direct", "agent_id": "ben.b"}','handoff hof_8d7ad0fa004c402aa39ccdf67e61d567 directed to you','{"kind": "handoff.directed", "handoff_id": "hof_8d7ad0fa004c402aa39ccdf67e61d567", "from_agent_id": "ann", "next_step": "handoff_claim with this handoff_id"}','[]',NULL,'2026-11-27T06:23:53.040323Z',NULL);
INSERT INTO messages VALUES('msg_bdeba8c8e28c4d008b2314a04cdeb508','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'ann',NULL,'{"strategy": "direct", "agent_id": "ben.b"}','handoff hof_1242537b2dd945ffbcebdf49577c17f9 directed to you','{"kind": "handoff.directed", "handoff_id": "hof_1242537b2dd945ffbcebdf49577c17f9", "from_agent_id": "ann", "next_step": "handoff_claim with this handoff_id"}','[]',NULL,'2026-11-27T06:23:53.133680Z',NULL);
INSERT INTO messages VALUES('msg_ef255f2be0334e48a42dc9752d4f98c6','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'ann',NULL,'{"strategy": "direct", "agent_id": "ben.b"}','handoff hof_0988328c8a234eb492e0369806e10d92 directed to you','{"kind": "handoff.directed", "handoff_id": "hof_0988328c8a234eb492e0369806e10d92", "from_agent_id": "ann", "next_step": "handoff_claim with this handoff_id"}','[]',NULL,'2026-11-27T06:23:53.231038Z',NULL);
INSERT INTO messages VALUES('msg_a46f4b1277684bb9bb4a354f74f84ea0','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'ben.b',NULL,'{"strategy": "direct", "agent_id": "ann"}','handoff hof_1f5a58ff7c784feaa3ddd516df121085 completed by ben.b','{"kind": "handoff.completed", "handoff_id": "hof_1f5a58ff7c784feaa3ddd516df121085", "status": "COMPLETED", "by_agent_id": "ben.b", "next_step": "handoff_get with this handoff_id for the full outcome", "result": "{\"commit\": \"8c1f0de\"}"}','[]',NULL,'2026-11-27T06:23:53.431091Z',NULL);
INSERT INTO messages VALUES('msg_35d8da2352194c5da4c03f233bf250b1','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'ben.b',NULL,'{"strategy": "direct", "agent_id": "ann"}','handoff hof_0988328c8a234eb492e0369806e10d92 rejected by ben.b','{"kind": "handoff.rejected", "handoff_id": "hof_0988328c8a234eb492e0369806e10d92", "status": "REJECTED", "by_agent_id": "ben.b", "next_step": "handoff_get with this handoff_id for the full outcome", "reason": "No time."}','[]',NULL,'2026-11-27T06:23:53.607286Z',NULL);
CREATE TABLE message_deliveries (
    delivery_id TEXT PRIMARY KEY,
    message_id TEXT NOT NULL REFERENCES messages(message_id),
    recipient_agent_id TEXT NOT NULL REFERENCES agents(agent_id),
    status TEXT NOT NULL,
    delivered_at TEXT,
    lease_expires_at TEXT,
    read_at TEXT,
    created_at TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    UNIQUE (message_id, recipient_agent_id)
);
INSERT INTO message_deliveries VALUES('del_883bdf3b26214259b390c3b911580115','msg_fdc1602129b0471c8caf69ee4045edd6','ben.b','read','2026-11-27T06:23:52.281903Z','2026-11-27T06:28:52.281903Z','2026-11-27T06:23:52.427779Z','2026-11-27T06:23:52.142136Z',1);
INSERT INTO message_deliveries VALUES('del_22c962b1556f4735bc6aba89a0933826','msg_d64d9a6ce02248f99bc2b92bd76736ba','ann','unread',NULL,NULL,NULL,'2026-11-27T06:23:52.427779Z',0);
INSERT INTO message_deliveries VALUES('del_c587374af7b543e8aea500ae118c89f0','msg_c0dc2281a13641ea9a84570b2b6cf57c','ann','unread',NULL,NULL,NULL,'2026-11-27T06:23:52.562744Z',0);
INSERT INTO message_deliveries VALUES('del_1894a0514e094185a520d23a4e8c8112','msg_28382bc99f664f948e3f845826acbe01','ann','unread',NULL,NULL,NULL,'2026-11-27T06:23:52.730146Z',0);
INSERT INTO message_deliveries VALUES('del_ef02cefe89ed421f937e9d3d1297a871','msg_28382bc99f664f948e3f845826acbe01','ben.b','unread',NULL,NULL,NULL,'2026-11-27T06:23:52.730146Z',0);
INSERT INTO message_deliveries VALUES('del_55dfc24aedc248d99ab3b0950294c4b3','msg_bb9aab0eeb8d4d5db6a9a0c07ed3cdfd','ben.b','unread',NULL,NULL,NULL,'2026-11-27T06:23:52.900054Z',0);
INSERT INTO message_deliveries VALUES('del_a7f55716b7164f1a92eed6a07971e22f','msg_68ca5fbedb284a5ba8266264fb1c0dd5','ben.b','unread',NULL,NULL,NULL,'2026-11-27T06:23:53.040323Z',0);
INSERT INTO message_deliveries VALUES('del_fe3a210908404f93b78e16f33e85a790','msg_bdeba8c8e28c4d008b2314a04cdeb508','ben.b','unread',NULL,NULL,NULL,'2026-11-27T06:23:53.133680Z',0);
INSERT INTO message_deliveries VALUES('del_fe65b3bcdec94fcfb9952b7e803f3d72','msg_ef255f2be0334e48a42dc9752d4f98c6','ben.b','unread',NULL,NULL,NULL,'2026-11-27T06:23:53.231038Z',0);
INSERT INTO message_deliveries VALUES('del_8d288c01da49480d9c2764cc8ee38b55','msg_a46f4b1277684bb9bb4a354f74f84ea0','ann','unread',NULL,NULL,NULL,'2026-11-27T06:23:53.431091Z',0);
INSERT INTO message_deliveries VALUES('del_804cd207aca54650893ed024e4f1cd38','msg_35d8da2352194c5da4c03f233bf250b1','ann','unread',NULL,NULL,NULL,'2026-11-27T06:23:53.607286Z',0);
CREATE TABLE handoffs (
    handoff_id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces(workspace_id),
    task_id TEXT REFERENCES tasks(task_id),
    from_agent_id TEXT,
    target TEXT,
    visibility TEXT,
    status TEXT NOT NULL,
    claimed_by TEXT,
    lease_expires_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT
, payload TEXT, result TEXT, rejected_reason TEXT, trace_id TEXT, acceptance_criteria TEXT, verify_by TEXT, verification_feedback TEXT);
INSERT INTO handoffs VALUES('hof_1f5a58ff7c784feaa3ddd516df121085','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'ann','{"strategy": "direct", "agent_id": "ben.b"}','public','COMPLETED','ben.b','2026-11-27T06:28:53.340821Z','2026-11-27T06:23:52.900054Z','2026-11-27T06:23:53.431091Z','{"title": "done", "step": 1}','{"commit": "8c1f0de"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO handoffs VALUES('hof_8d7ad0fa004c402aa39ccdf67e61d567','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'ann','{"strategy": "direct", "agent_id": "ben.b"}','public','OPEN',NULL,NULL,'2026-11-27T06:23:53.040323Z','2026-11-27T06:23:53.040323Z','{"title": "open", "step": 1}',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO handoffs VALUES('hof_1242537b2dd945ffbcebdf49577c17f9','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'ann','{"strategy": "direct", "agent_id": "ben.b"}','public','CLAIMED','ben.b','2026-11-27T06:28:53.514960Z','2026-11-27T06:23:53.133680Z','2026-11-27T06:23:53.514960Z','{"title": "held", "step": 1}',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO handoffs VALUES('hof_0988328c8a234eb492e0369806e10d92','e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184',NULL,'ann','{"strategy": "direct", "agent_id": "ben.b"}','public','REJECTED',NULL,NULL,'2026-11-27T06:23:53.231038Z','2026-11-27T06:23:53.607286Z','{"title": "refused", "step": 1}',NULL,'No time.',NULL,NULL,NULL,NULL);
CREATE TABLE handoff_dependencies (
    handoff_id TEXT NOT NULL,
    depends_on_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (handoff_id, depends_on_id)
);
CREATE TABLE events (
    event_id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id TEXT NOT NULL REFERENCES workspaces(workspace_id),
    stream TEXT NOT NULL,
    type TEXT NOT NULL,
    actor_agent_id TEXT,
    payload TEXT,
    visibility TEXT,
    target TEXT,
    created_at TEXT NOT NULL
);
INSERT INTO events VALUES(1,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','workspace','session.opened','ann','{"session_id": "ses_2e271a9493f54ed094f9756bc50ba7ec", "agent_id": "ann"}','public',NULL,'2026-11-27T06:23:51.617883Z');
INSERT INTO events VALUES(2,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','workspace','session.opened','ben.b','{"session_id": "ses_29dc143daf774c9eab410cdc05a1074f", "agent_id": "ben.b"}','public',NULL,'2026-11-27T06:23:51.812712Z');
INSERT INTO events VALUES(3,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','workspace','session.opened','carla','{"session_id": "ses_a89656af8b7e4140a315260fb73ff6c0", "agent_id": "carla"}','public',NULL,'2026-11-27T06:23:52.054501Z');
INSERT INTO events VALUES(4,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','workspace','message.created','ann','{"message_id": "msg_fdc1602129b0471c8caf69ee4045edd6", "channel_id": null, "from_agent_id": "ann", "target": {"strategy": "direct", "agent_id": "ben.b"}, "subject": "Plan", "created_at": "2026-11-27T06:23:52.142136Z"}','eligible','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:52.156254Z');
INSERT INTO events VALUES(5,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','workspace','message.delivered','ben.b','{"message_id": "msg_fdc1602129b0471c8caf69ee4045edd6", "recipient_agent_id": "ben.b", "from_agent_id": "ann", "at": "2026-11-27T06:23:52.281903Z"}','eligible','{"strategy": "direct", "agent_id": "ann"}','2026-11-27T06:23:52.283221Z');
INSERT INTO events VALUES(6,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','workspace','message.read','ben.b','{"message_id": "msg_fdc1602129b0471c8caf69ee4045edd6", "recipient_agent_id": "ben.b", "from_agent_id": "ann", "at": "2026-11-27T06:23:52.427779Z"}','eligible','{"strategy": "direct", "agent_id": "ann"}','2026-11-27T06:23:52.428939Z');
INSERT INTO events VALUES(7,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','workspace','message.created','ben.b','{"message_id": "msg_c0dc2281a13641ea9a84570b2b6cf57c", "channel_id": null, "from_agent_id": "ben.b", "target": {"strategy": "direct", "agent_id": "ann"}, "subject": "Re: Plan", "created_at": "2026-11-27T06:23:52.562744Z"}','eligible','{"strategy": "direct", "agent_id": "ann"}','2026-11-27T06:23:52.583122Z');
INSERT INTO events VALUES(8,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','workspace','message.created','carla','{"message_id": "msg_28382bc99f664f948e3f845826acbe01", "channel_id": null, "from_agent_id": "carla", "target": null, "subject": "To all", "created_at": "2026-11-27T06:23:52.730146Z"}','public',NULL,'2026-11-27T06:23:52.756067Z');
INSERT INTO events VALUES(9,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','handoff','handoff.created','ann','{"handoff_id": "hof_1f5a58ff7c784feaa3ddd516df121085", "workspace_id": "e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184", "status": "OPEN", "from_agent_id": "ann", "target": {"strategy": "direct", "agent_id": "ben.b"}, "visibility": "public", "created_at": "2026-11-27T06:23:52.900054Z"}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:52.901297Z');
INSERT INTO events VALUES(10,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','handoff','handoff.created','ann','{"handoff_id": "hof_8d7ad0fa004c402aa39ccdf67e61d567", "workspace_id": "e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184", "status": "OPEN", "from_agent_id": "ann", "target": {"strategy": "direct", "agent_id": "ben.b"}, "visibility": "public", "created_at": "2026-11-27T06:23:53.040323Z"}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:53.041508Z');
INSERT INTO events VALUES(11,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','handoff','handoff.created','ann','{"handoff_id": "hof_1242537b2dd945ffbcebdf49577c17f9", "workspace_id": "e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184", "status": "OPEN", "from_agent_id": "ann", "target": {"strategy": "direct", "agent_id": "ben.b"}, "visibility": "public", "created_at": "2026-11-27T06:23:53.133680Z"}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:53.144084Z');
INSERT INTO events VALUES(12,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','handoff','handoff.created','ann','{"handoff_id": "hof_0988328c8a234eb492e0369806e10d92", "workspace_id": "e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184", "status": "OPEN", "from_agent_id": "ann", "target": {"strategy": "direct", "agent_id": "ben.b"}, "visibility": "public", "created_at": "2026-11-27T06:23:53.231038Z"}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:53.242153Z');
INSERT INTO events VALUES(13,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','handoff','handoff.claimed','ben.b','{"handoff_id": "hof_1f5a58ff7c784feaa3ddd516df121085", "workspace_id": "e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184", "status": "CLAIMED", "claimed_by": "ben.b", "lease_expires_at": "2026-11-27T06:28:53.340821Z"}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:53.342039Z');
INSERT INTO events VALUES(14,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','handoff','handoff.completed','ben.b','{"handoff_id": "hof_1f5a58ff7c784feaa3ddd516df121085", "workspace_id": "e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184", "status": "COMPLETED", "result": {"commit": "8c1f0de"}}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:53.440276Z');
INSERT INTO events VALUES(15,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','handoff','handoff.claimed','ben.b','{"handoff_id": "hof_1242537b2dd945ffbcebdf49577c17f9", "workspace_id": "e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184", "status": "CLAIMED", "claimed_by": "ben.b", "lease_expires_at": "2026-11-27T06:28:53.514960Z"}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:53.528439Z');
INSERT INTO events VALUES(16,'e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184','handoff','handoff.rejected','ben.b','{"handoff_id": "hof_0988328c8a234eb492e0369806e10d92", "workspace_id": "e0c8cf3e423dbaaece0be0580ef465c560d9f7c03289b884867a797f1941f184", "status": "REJECTED", "reason": "No time."}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:53.612510Z');
