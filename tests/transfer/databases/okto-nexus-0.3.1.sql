-- Tables that the importer reads, from a database that okto-nexus 0.3.1 wrote for tests/transfer/okto.py.
CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL);
INSERT INTO schema_migrations VALUES(1,'2026-11-27T06:23:05.402544Z');
INSERT INTO schema_migrations VALUES(2,'2026-11-27T06:23:05.411591Z');
INSERT INTO schema_migrations VALUES(3,'2026-11-27T06:23:05.427770Z');
INSERT INTO schema_migrations VALUES(4,'2026-11-27T06:23:05.431807Z');
INSERT INTO schema_migrations VALUES(5,'2026-11-27T06:23:05.443820Z');
INSERT INTO schema_migrations VALUES(6,'2026-11-27T06:23:05.455920Z');
INSERT INTO schema_migrations VALUES(7,'2026-11-27T06:23:05.463797Z');
INSERT INTO schema_migrations VALUES(8,'2026-11-27T06:23:05.471948Z');
INSERT INTO schema_migrations VALUES(9,'2026-11-27T06:23:05.480009Z');
INSERT INTO schema_migrations VALUES(10,'2026-11-27T06:23:05.486885Z');
INSERT INTO schema_migrations VALUES(11,'2026-11-27T06:23:05.496044Z');
INSERT INTO schema_migrations VALUES(12,'2026-11-27T06:23:05.501726Z');
INSERT INTO schema_migrations VALUES(13,'2026-11-27T06:23:05.514039Z');
INSERT INTO schema_migrations VALUES(14,'2026-11-27T06:23:05.521520Z');
INSERT INTO schema_migrations VALUES(15,'2026-11-27T06:23:05.528410Z');
INSERT INTO schema_migrations VALUES(16,'2026-11-27T06:23:05.538547Z');
INSERT INTO schema_migrations VALUES(17,'2026-11-27T06:23:05.547501Z');
INSERT INTO schema_migrations VALUES(18,'2026-11-27T06:23:05.558517Z');
INSERT INTO schema_migrations VALUES(19,'2026-11-27T06:23:05.561594Z');
INSERT INTO schema_migrations VALUES(20,'2026-11-27T06:23:05.579884Z');
INSERT INTO schema_migrations VALUES(21,'2026-11-27T06:23:05.587616Z');
INSERT INTO schema_migrations VALUES(22,'2026-11-27T06:23:05.597822Z');
INSERT INTO schema_migrations VALUES(23,'2026-11-27T06:23:05.603829Z');
INSERT INTO schema_migrations VALUES(24,'2026-11-27T06:23:05.614487Z');
INSERT INTO schema_migrations VALUES(25,'2026-11-27T06:23:05.632173Z');
INSERT INTO schema_migrations VALUES(26,'2026-11-27T06:23:05.635603Z');
INSERT INTO schema_migrations VALUES(27,'2026-11-27T06:23:05.650756Z');
INSERT INTO schema_migrations VALUES(28,'2026-11-27T06:23:05.673069Z');
INSERT INTO schema_migrations VALUES(29,'2026-11-27T06:23:05.681940Z');
INSERT INTO schema_migrations VALUES(30,'2026-11-27T06:23:05.699221Z');
INSERT INTO schema_migrations VALUES(31,'2026-11-27T06:23:05.713940Z');
INSERT INTO schema_migrations VALUES(32,'2026-11-27T06:23:05.730778Z');
INSERT INTO schema_migrations VALUES(33,'2026-11-27T06:23:05.746630Z');
INSERT INTO schema_migrations VALUES(34,'2026-11-27T06:23:05.765009Z');
INSERT INTO schema_migrations VALUES(35,'2026-11-27T06:23:05.788227Z');
INSERT INTO schema_migrations VALUES(36,'2026-11-27T06:23:05.806345Z');
INSERT INTO schema_migrations VALUES(37,'2026-11-27T06:23:05.824997Z');
INSERT INTO schema_migrations VALUES(38,'2026-11-27T06:23:05.850259Z');
INSERT INTO schema_migrations VALUES(39,'2026-11-27T06:23:05.864151Z');
INSERT INTO schema_migrations VALUES(40,'2026-11-27T06:23:05.872700Z');
INSERT INTO schema_migrations VALUES(41,'2026-11-27T06:23:05.900868Z');
INSERT INTO schema_migrations VALUES(42,'2026-11-27T06:23:05.914195Z');
INSERT INTO schema_migrations VALUES(43,'2026-11-27T06:23:05.924670Z');
INSERT INTO schema_migrations VALUES(44,'2026-11-27T06:23:05.941321Z');
INSERT INTO schema_migrations VALUES(45,'2026-11-27T06:23:05.944792Z');
INSERT INTO schema_migrations VALUES(46,'2026-11-27T06:23:05.946902Z');
INSERT INTO schema_migrations VALUES(47,'2026-11-27T06:23:05.960677Z');
INSERT INTO schema_migrations VALUES(48,'2026-11-27T06:23:05.967239Z');
INSERT INTO schema_migrations VALUES(49,'2026-11-27T06:23:05.977113Z');
INSERT INTO schema_migrations VALUES(50,'2026-11-27T06:23:05.987668Z');
INSERT INTO schema_migrations VALUES(51,'2026-11-27T06:23:06.005055Z');
INSERT INTO schema_migrations VALUES(52,'2026-11-27T06:23:06.019764Z');
INSERT INTO schema_migrations VALUES(53,'2026-11-27T06:23:06.035290Z');
INSERT INTO schema_migrations VALUES(54,'2026-11-27T06:23:06.053890Z');
INSERT INTO schema_migrations VALUES(55,'2026-11-27T06:23:06.074739Z');
INSERT INTO schema_migrations VALUES(56,'2026-11-27T06:23:06.090874Z');
INSERT INTO schema_migrations VALUES(57,'2026-11-27T06:23:06.101146Z');
INSERT INTO schema_migrations VALUES(58,'2026-11-27T06:23:06.115803Z');
INSERT INTO schema_migrations VALUES(59,'2026-11-27T06:23:06.124098Z');
INSERT INTO schema_migrations VALUES(60,'2026-11-27T06:23:06.153221Z');
INSERT INTO schema_migrations VALUES(61,'2026-11-27T06:23:06.201489Z');
INSERT INTO schema_migrations VALUES(62,'2026-11-27T06:23:06.208806Z');
INSERT INTO schema_migrations VALUES(63,'2026-11-27T06:23:06.221965Z');
INSERT INTO schema_migrations VALUES(64,'2026-11-27T06:23:06.261179Z');
INSERT INTO schema_migrations VALUES(65,'2026-11-27T06:23:06.280660Z');
INSERT INTO schema_migrations VALUES(66,'2026-11-27T06:23:06.294461Z');
INSERT INTO schema_migrations VALUES(67,'2026-11-27T06:23:06.313582Z');
INSERT INTO schema_migrations VALUES(68,'2026-11-27T06:23:06.360283Z');
INSERT INTO schema_migrations VALUES(69,'2026-11-27T06:23:06.400607Z');
INSERT INTO schema_migrations VALUES(70,'2026-11-27T06:23:06.430399Z');
INSERT INTO schema_migrations VALUES(71,'2026-11-27T06:23:06.463080Z');
INSERT INTO schema_migrations VALUES(72,'2026-11-27T06:23:06.496519Z');
INSERT INTO schema_migrations VALUES(73,'2026-11-27T06:23:06.509053Z');
INSERT INTO schema_migrations VALUES(74,'2026-11-27T06:23:06.538937Z');
INSERT INTO schema_migrations VALUES(75,'2026-11-27T06:23:06.550454Z');
INSERT INTO schema_migrations VALUES(76,'2026-11-27T06:23:06.652086Z');
INSERT INTO schema_migrations VALUES(77,'2026-11-27T06:23:06.665853Z');
INSERT INTO schema_migrations VALUES(78,'2026-11-27T06:23:06.701585Z');
INSERT INTO schema_migrations VALUES(79,'2026-11-27T06:23:06.731759Z');
INSERT INTO schema_migrations VALUES(80,'2026-11-27T06:23:06.829518Z');
INSERT INTO schema_migrations VALUES(81,'2026-11-27T06:23:06.835754Z');
INSERT INTO schema_migrations VALUES(82,'2026-11-27T06:23:06.845414Z');
INSERT INTO schema_migrations VALUES(83,'2026-11-27T06:23:06.854461Z');
INSERT INTO schema_migrations VALUES(84,'2026-11-27T06:23:06.863721Z');
INSERT INTO schema_migrations VALUES(85,'2026-11-27T06:23:06.874143Z');
INSERT INTO schema_migrations VALUES(86,'2026-11-27T06:23:06.884771Z');
INSERT INTO schema_migrations VALUES(87,'2026-11-27T06:23:06.892023Z');
INSERT INTO schema_migrations VALUES(88,'2026-11-27T06:23:06.929175Z');
INSERT INTO schema_migrations VALUES(89,'2026-11-27T06:23:06.954408Z');
INSERT INTO schema_migrations VALUES(90,'2026-11-27T06:23:06.982373Z');
INSERT INTO schema_migrations VALUES(91,'2026-11-27T06:23:06.998295Z');
INSERT INTO schema_migrations VALUES(92,'2026-11-27T06:23:07.017986Z');
INSERT INTO schema_migrations VALUES(93,'2026-11-27T06:23:07.037990Z');
INSERT INTO schema_migrations VALUES(94,'2026-11-27T06:23:07.066034Z');
INSERT INTO schema_migrations VALUES(95,'2026-11-27T06:23:07.077202Z');
INSERT INTO schema_migrations VALUES(96,'2026-11-27T06:23:07.153381Z');
INSERT INTO schema_migrations VALUES(97,'2026-11-27T06:23:07.172064Z');
INSERT INTO schema_migrations VALUES(98,'2026-11-27T06:23:07.175208Z');
INSERT INTO schema_migrations VALUES(99,'2026-11-27T06:23:07.190492Z');
INSERT INTO schema_migrations VALUES(100,'2026-11-27T06:23:07.224581Z');
INSERT INTO schema_migrations VALUES(101,'2026-11-27T06:23:07.235009Z');
INSERT INTO schema_migrations VALUES(102,'2026-11-27T06:23:07.257169Z');
INSERT INTO schema_migrations VALUES(103,'2026-11-27T06:23:07.292398Z');
INSERT INTO schema_migrations VALUES(104,'2026-11-27T06:23:07.302756Z');
INSERT INTO schema_migrations VALUES(105,'2026-11-27T06:23:07.311666Z');
INSERT INTO schema_migrations VALUES(106,'2026-11-27T06:23:07.324130Z');
INSERT INTO schema_migrations VALUES(107,'2026-11-27T06:23:07.342701Z');
INSERT INTO schema_migrations VALUES(108,'2026-11-27T06:23:07.354645Z');
INSERT INTO schema_migrations VALUES(109,'2026-11-27T06:23:07.385971Z');
INSERT INTO schema_migrations VALUES(110,'2026-11-27T06:23:07.399729Z');
INSERT INTO schema_migrations VALUES(111,'2026-11-27T06:23:07.943922Z');
INSERT INTO schema_migrations VALUES(112,'2026-11-27T06:23:08.020201Z');
INSERT INTO schema_migrations VALUES(113,'2026-11-27T06:23:08.027852Z');
INSERT INTO schema_migrations VALUES(114,'2026-11-27T06:23:08.039720Z');
INSERT INTO schema_migrations VALUES(115,'2026-11-27T06:23:08.051001Z');
INSERT INTO schema_migrations VALUES(116,'2026-11-27T06:23:08.138507Z');
INSERT INTO schema_migrations VALUES(117,'2026-11-27T06:23:08.174590Z');
INSERT INTO schema_migrations VALUES(118,'2026-11-27T06:23:08.196074Z');
INSERT INTO schema_migrations VALUES(119,'2026-11-27T06:23:08.207654Z');
INSERT INTO schema_migrations VALUES(120,'2026-11-27T06:23:08.216212Z');
INSERT INTO schema_migrations VALUES(121,'2026-11-27T06:23:08.231759Z');
INSERT INTO schema_migrations VALUES(122,'2026-11-27T06:23:08.245730Z');
INSERT INTO schema_migrations VALUES(123,'2026-11-27T06:23:08.267064Z');
INSERT INTO schema_migrations VALUES(124,'2026-11-27T06:23:08.282117Z');
INSERT INTO schema_migrations VALUES(125,'2026-11-27T06:23:08.364540Z');
INSERT INTO schema_migrations VALUES(126,'2026-11-27T06:23:08.396242Z');
INSERT INTO schema_migrations VALUES(127,'2026-11-27T06:23:09.082911Z');
INSERT INTO schema_migrations VALUES(128,'2026-11-27T06:23:09.099888Z');
INSERT INTO schema_migrations VALUES(129,'2026-11-27T06:23:09.109397Z');
INSERT INTO schema_migrations VALUES(130,'2026-11-27T06:23:09.177584Z');
INSERT INTO schema_migrations VALUES(131,'2026-11-27T06:23:09.196059Z');
INSERT INTO schema_migrations VALUES(132,'2026-11-27T06:23:09.204086Z');
INSERT INTO schema_migrations VALUES(133,'2026-11-27T06:23:09.208304Z');
INSERT INTO schema_migrations VALUES(134,'2026-11-27T06:23:09.228706Z');
INSERT INTO schema_migrations VALUES(135,'2026-11-27T06:23:09.240566Z');
INSERT INTO schema_migrations VALUES(136,'2026-11-27T06:23:09.267652Z');
INSERT INTO schema_migrations VALUES(137,'2026-11-27T06:23:09.391085Z');
INSERT INTO schema_migrations VALUES(138,'2026-11-27T06:23:09.409512Z');
INSERT INTO schema_migrations VALUES(139,'2026-11-27T06:23:09.419961Z');
INSERT INTO schema_migrations VALUES(140,'2026-11-27T06:23:09.427790Z');
INSERT INTO schema_migrations VALUES(141,'2026-11-27T06:23:09.435996Z');
INSERT INTO schema_migrations VALUES(142,'2026-11-27T06:23:09.443873Z');
INSERT INTO schema_migrations VALUES(143,'2026-11-27T06:23:09.451876Z');
INSERT INTO schema_migrations VALUES(144,'2026-11-27T06:23:09.494163Z');
INSERT INTO schema_migrations VALUES(145,'2026-11-27T06:23:09.514567Z');
INSERT INTO schema_migrations VALUES(146,'2026-11-27T06:23:09.527976Z');
INSERT INTO schema_migrations VALUES(147,'2026-11-27T06:23:09.540985Z');
INSERT INTO schema_migrations VALUES(148,'2026-11-27T06:23:09.547823Z');
INSERT INTO schema_migrations VALUES(149,'2026-11-27T06:23:09.568282Z');
INSERT INTO schema_migrations VALUES(150,'2026-11-27T06:23:09.638767Z');
INSERT INTO schema_migrations VALUES(151,'2026-11-27T06:23:09.724184Z');
INSERT INTO schema_migrations VALUES(152,'2026-11-27T06:23:09.728339Z');
CREATE TABLE workspaces (
    workspace_id TEXT PRIMARY KEY,
    display_name TEXT,
    root_realpath TEXT,
    created_at TEXT NOT NULL,
    last_seen_at TEXT
);
INSERT INTO workspaces VALUES('d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'/home/you/shop','2026-11-27T06:23:21.633664Z','2026-11-27T06:23:25.284497Z');
CREATE TABLE agents (
    agent_id TEXT PRIMARY KEY,
    role TEXT,
    capabilities TEXT,
    metadata TEXT,
    created_at TEXT NOT NULL
, last_seen_at TEXT, api_key_hash TEXT, is_active INTEGER NOT NULL DEFAULT 1, permissions TEXT, preset_id TEXT, tags TEXT, comm_scope TEXT, color TEXT, deleted_at TEXT);
INSERT INTO agents VALUES('operator','operator',NULL,NULL,'2026-11-27T06:23:09.879001Z',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO agents VALUES('ann','lead','{"python": true}',NULL,'2026-11-27T06:23:20.457284Z','2026-11-27T06:23:25.284497Z','a6880c57354e12ded807490bc5d2a0186a7a73d822c58a55062e7177cb87b78f',1,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO agents VALUES('ben.b','reviewer','{"review": true}',NULL,'2026-11-27T06:23:20.809084Z','2026-11-27T06:23:26.261262Z','8d67e9060666ec2f8dc34db3edc83ce4ca66a3e13c549f838886b9b135d5bef9',1,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO agents VALUES('carla','tester',NULL,NULL,'2026-11-27T06:23:20.999610Z','2026-11-27T06:23:24.448421Z','c0917b26a6e8638f255cf9a08fe48b76e919144f61814204929df94ebe7ca5fb',1,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL REFERENCES agents(agent_id),
    workspace_id TEXT NOT NULL REFERENCES workspaces(workspace_id),
    status TEXT NOT NULL,
    started_at TEXT NOT NULL,
    last_heartbeat_at TEXT
, closed_at TEXT, session_secret TEXT);
INSERT INTO sessions VALUES('ses_298c0d5dc27d4e57af8dd4e47191e2f5','ann','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','active','2026-11-27T06:23:21.937673Z','2026-11-27T06:23:21.937673Z',NULL,'385dc952-a072-4d8f-a481-14463611ea11');
INSERT INTO sessions VALUES('ses_297cf7ffaa0545a1a4fa3f678ad2f6a0','ben.b','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','active','2026-11-27T06:23:22.473625Z','2026-11-27T06:23:22.473625Z',NULL,'7141144b-2921-48eb-b9eb-6c93d2b47eb6');
INSERT INTO sessions VALUES('ses_1d1f7c1c9409483e9e1b2be7bce84730','carla','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','active','2026-11-27T06:23:23.032907Z','2026-11-27T06:23:23.032907Z',NULL,'cc04e0f3-a008-456c-a8a3-4ac044aa36fb');
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
INSERT INTO messages VALUES('msg_9b256ee742d3481499953e15bfc7d8ae','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'ann',NULL,'{"strategy": "direct", "agent_id": "ben.b"}','Plan','# Plan

Ship **it** — ünï 🛟.','[]',NULL,'2026-11-27T06:23:23.302476Z',NULL);
INSERT INTO messages VALUES('msg_cb6e676b4d83485681b52a888ea2ebea','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'ben.b',NULL,'{"strategy": "direct", "agent_id": "ann"}','read receipt: Plan read by ben.b','{"kind": "message.read_receipt", "read_by": "ben.b", "read_at": "2026-11-27T06:23:23.864642Z", "message_ids": ["msg_9b256ee742d3481499953e15bfc7d8ae"], "subjects": ["Plan"]}','[]',NULL,'2026-11-27T06:23:23.864642Z',NULL);
INSERT INTO messages VALUES('msg_a312f33ee6cd4fb78e4df4d89e6fb858','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'ben.b',NULL,'{"strategy": "direct", "agent_id": "ann"}','Re: Plan','Yes.','[]','msg_9b256ee742d3481499953e15bfc7d8ae','2026-11-27T06:23:24.121871Z',NULL);
INSERT INTO messages VALUES('msg_fb09210e40e44af5a5ff2c43ba4de16e','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'carla',NULL,NULL,'To all','Tests are green.','[]',NULL,'2026-11-27T06:23:24.448421Z',NULL);
INSERT INTO messages VALUES('msg_9f174f74dc3b415bb3b1ae32737d55ac','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'ann',NULL,'{"strategy": "direct", "agent_id": "ben.b"}','handoff hof_ad408fccd5de4b0a9f40185f1677ae03 directed to you','{"kind": "handoff.directed", "handoff_id": "hof_ad408fccd5de4b0a9f40185f1677ae03", "from_agent_id": "ann", "next_step": "handoff_claim with this handoff_id"}','[]',NULL,'2026-11-27T06:23:24.649636Z',NULL);
INSERT INTO messages VALUES('msg_29f9bfa12a1842a79913bcaabf3eb66d','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'ann',NULL,'{"strategy": "direct", "agent_id": "ben.b"}','handoff hof_d565047a509c4681b43d156178f4e669 directed to you','{"kind": "handoff.directed", "handoff_id": "hof_d565047a509c4681b43d156178f4e669", "from_agent_id": "ann", "next_step": "handoff_claim with this handoff_id"}','[]',NULL,'2026-11-27T06:23:24.815264Z',NULL);
INSERT INTO messages VALUES('msg_b617a004803147a2b204b22321b899b0','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'ann',NULL,'{"strategy": "direct", "agent_id": "ben.b"}','handoff hof_ab54fb3624804ce1b6b44e1ba3c194f8 directed to you','{"kind": "handoff.directed", "handoff_id": "hof_ab54fb3624804ce1b6b44e1ba3c194f8", "from_agent_id": "ann", "next_step": "handoff_claim with this handoff_id"}','[]',NULL,'2026-11-27T06:23:25.057788Z',NULL);
INSERT INTO messages VALUES('msg_c712cf6f02814f899df62b8ee5c29bfb','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'ann',NULL,'{"strategy": "direct", "agent_id": "ben.b"}','handoff hof_0a6c8bec517a4fa5a8f169545b077074 directed to you','{"kind": "handoff.directed", "handoff_id": "hof_0a6c8bec517a4fa5a8f169545b077074", "from_agent_id": "ann", "next_step": "handoff_claim with this handoff_id"}','[]',NULL,'2026-11-27T06:23:25.284497Z',NULL);
INSERT INTO messages VALUES('msg_1035f2a6f74f4861822e455253059a20','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'ben.b',NULL,'{"strategy": "direct", "agent_id": "ann"}','handoff hof_ad408fccd5de4b0a9f40185f1677ae03 completed by ben.b','{"kind": "handoff.completed", "handoff_id": "hof_ad408fccd5de4b0a9f40185f1677ae03", "status": "COMPLETED", "by_agent_id": "ben.b", "next_step": "handoff_get with this handoff_id for the full outcome", "result": "{\"commit\": \"8c1f0de\"}"}','[]',NULL,'2026-11-27T06:23:25.665414Z',NULL);
INSERT INTO messages VALUES('msg_24e697b0c0cf4bffb1b9720f584b9b27','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'ben.b',NULL,'{"strategy": "direct", "agent_id": "ann"}','handoff hof_0a6c8bec517a4fa5a8f169545b077074 rejected by ben.b','{"kind": "handoff.rejected", "handoff_id": "hof_0a6c8bec517a4fa5a8f169545b077074", "status": "REJECTED", "by_agent_id": "ben.b", "next_step": "handoff_get with this handoff_id for the full outcome", "reason": "No time."}','[]',NULL,'2026-11-27T06:23:26.261262Z',NULL);
CREATE TABLE message_deliveries (
    delivery_id TEXT PRIMARY KEY,
    message_id TEXT NOT NULL REFERENCES messages(message_id),
    recipient_agent_id TEXT NOT NULL REFERENCES agents(agent_id),
    status TEXT NOT NULL,
    delivered_at TEXT,
    lease_expires_at TEXT,
    read_at TEXT,
    created_at TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, consumer_kind TEXT CHECK (consumer_kind IN ('pull','push')), consumer_operation_id TEXT,
    UNIQUE (message_id, recipient_agent_id)
);
INSERT INTO message_deliveries VALUES('del_d4800b2f08fb4397b1dc5965f2fc2727','msg_9b256ee742d3481499953e15bfc7d8ae','ben.b','read','2026-11-27T06:23:23.586909Z','2026-11-27T06:28:23.586909Z','2026-11-27T06:23:23.864642Z','2026-11-27T06:23:23.302476Z',1,'pull',NULL);
INSERT INTO message_deliveries VALUES('del_6fdef362f43746cd85d8633225717aa5','msg_cb6e676b4d83485681b52a888ea2ebea','ann','unread',NULL,NULL,NULL,'2026-11-27T06:23:23.864642Z',0,NULL,NULL);
INSERT INTO message_deliveries VALUES('del_280a341fbd854d61963aa1e16d16dbea','msg_a312f33ee6cd4fb78e4df4d89e6fb858','ann','unread',NULL,NULL,NULL,'2026-11-27T06:23:24.121871Z',0,NULL,NULL);
INSERT INTO message_deliveries VALUES('del_20c66598a5e2491fb3c93534f293fe4e','msg_fb09210e40e44af5a5ff2c43ba4de16e','ann','unread',NULL,NULL,NULL,'2026-11-27T06:23:24.448421Z',0,NULL,NULL);
INSERT INTO message_deliveries VALUES('del_6113b258aba04a0e85160075deadca84','msg_fb09210e40e44af5a5ff2c43ba4de16e','ben.b','unread',NULL,NULL,NULL,'2026-11-27T06:23:24.448421Z',0,NULL,NULL);
INSERT INTO message_deliveries VALUES('del_064f7a37c1e247dab139231466e2a78b','msg_9f174f74dc3b415bb3b1ae32737d55ac','ben.b','unread',NULL,NULL,NULL,'2026-11-27T06:23:24.649636Z',0,NULL,NULL);
INSERT INTO message_deliveries VALUES('del_cce45d99b501422192c1eef2115d8252','msg_29f9bfa12a1842a79913bcaabf3eb66d','ben.b','unread',NULL,NULL,NULL,'2026-11-27T06:23:24.815264Z',0,NULL,NULL);
INSERT INTO message_deliveries VALUES('del_859c0f6187dc42feb87ed1dc6e81dd7c','msg_b617a004803147a2b204b22321b899b0','ben.b','unread',NULL,NULL,NULL,'2026-11-27T06:23:25.057788Z',0,NULL,NULL);
INSERT INTO message_deliveries VALUES('del_3bb9e78c5a74458b8d5bf0651140ee6a','msg_c712cf6f02814f899df62b8ee5c29bfb','ben.b','unread',NULL,NULL,NULL,'2026-11-27T06:23:25.284497Z',0,NULL,NULL);
INSERT INTO message_deliveries VALUES('del_32c57a92dd964372a70d8ed07ba78e5b','msg_1035f2a6f74f4861822e455253059a20','ann','unread',NULL,NULL,NULL,'2026-11-27T06:23:25.665414Z',0,NULL,NULL);
INSERT INTO message_deliveries VALUES('del_7646181b3b8d4f5c94f135f4c6f45c29','msg_24e697b0c0cf4bffb1b9720f584b9b27','ann','unread',NULL,NULL,NULL,'2026-11-27T06:23:26.261262Z',0,NULL,NULL);
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
, payload TEXT, result TEXT, rejected_reason TEXT, trace_id TEXT, acceptance_criteria TEXT, verify_by TEXT, verification_feedback TEXT, claim_epoch INTEGER NOT NULL DEFAULT 0 CHECK (claim_epoch >= 0));
INSERT INTO handoffs VALUES('hof_ad408fccd5de4b0a9f40185f1677ae03','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'ann','{"strategy": "direct", "agent_id": "ben.b"}','public','COMPLETED','ben.b','2026-11-27T06:28:25.490903Z','2026-11-27T06:23:24.649636Z','2026-11-27T06:23:25.665414Z','{"title": "done", "step": 1}','{"commit": "8c1f0de"}',NULL,NULL,NULL,NULL,NULL,1);
INSERT INTO handoffs VALUES('hof_d565047a509c4681b43d156178f4e669','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'ann','{"strategy": "direct", "agent_id": "ben.b"}','public','OPEN',NULL,NULL,'2026-11-27T06:23:24.815264Z','2026-11-27T06:23:24.815264Z','{"title": "open", "step": 1}',NULL,NULL,NULL,NULL,NULL,NULL,0);
INSERT INTO handoffs VALUES('hof_ab54fb3624804ce1b6b44e1ba3c194f8','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'ann','{"strategy": "direct", "agent_id": "ben.b"}','public','CLAIMED','ben.b','2026-11-27T06:28:25.848177Z','2026-11-27T06:23:25.057788Z','2026-11-27T06:23:25.848177Z','{"title": "held", "step": 1}',NULL,NULL,NULL,NULL,NULL,NULL,1);
INSERT INTO handoffs VALUES('hof_0a6c8bec517a4fa5a8f169545b077074','d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9',NULL,'ann','{"strategy": "direct", "agent_id": "ben.b"}','public','REJECTED',NULL,NULL,'2026-11-27T06:23:25.284497Z','2026-11-27T06:23:26.261262Z','{"title": "refused", "step": 1}',NULL,'No time.',NULL,NULL,NULL,NULL,0);
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
INSERT INTO events VALUES(1,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','workspace','session.opened','ann','{"session_id": "ses_298c0d5dc27d4e57af8dd4e47191e2f5", "agent_id": "ann"}','public',NULL,'2026-11-27T06:23:21.962756Z');
INSERT INTO events VALUES(2,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','workspace','session.opened','ben.b','{"session_id": "ses_297cf7ffaa0545a1a4fa3f678ad2f6a0", "agent_id": "ben.b"}','public',NULL,'2026-11-27T06:23:22.490177Z');
INSERT INTO events VALUES(3,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','workspace','session.opened','carla','{"session_id": "ses_1d1f7c1c9409483e9e1b2be7bce84730", "agent_id": "carla"}','public',NULL,'2026-11-27T06:23:23.059920Z');
INSERT INTO events VALUES(4,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','workspace','message.created','ann','{"message_id": "msg_9b256ee742d3481499953e15bfc7d8ae", "channel_id": null, "from_agent_id": "ann", "target": {"strategy": "direct", "agent_id": "ben.b"}, "subject": "Plan", "created_at": "2026-11-27T06:23:23.302476Z"}','eligible','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:23.356293Z');
INSERT INTO events VALUES(5,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','workspace','message.delivered','ben.b','{"message_id": "msg_9b256ee742d3481499953e15bfc7d8ae", "recipient_agent_id": "ben.b", "from_agent_id": "ann", "at": "2026-11-27T06:23:23.586909Z"}','eligible','{"strategy": "direct", "agent_id": "ann"}','2026-11-27T06:23:23.620217Z');
INSERT INTO events VALUES(6,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','workspace','message.read','ben.b','{"message_id": "msg_9b256ee742d3481499953e15bfc7d8ae", "recipient_agent_id": "ben.b", "from_agent_id": "ann", "at": "2026-11-27T06:23:23.864642Z"}','eligible','{"strategy": "direct", "agent_id": "ann"}','2026-11-27T06:23:23.903494Z');
INSERT INTO events VALUES(7,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','workspace','message.created','ben.b','{"message_id": "msg_a312f33ee6cd4fb78e4df4d89e6fb858", "channel_id": null, "from_agent_id": "ben.b", "target": {"strategy": "direct", "agent_id": "ann"}, "subject": "Re: Plan", "created_at": "2026-11-27T06:23:24.121871Z"}','eligible','{"strategy": "direct", "agent_id": "ann"}','2026-11-27T06:23:24.153450Z');
INSERT INTO events VALUES(8,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','workspace','message.created','carla','{"message_id": "msg_fb09210e40e44af5a5ff2c43ba4de16e", "channel_id": null, "from_agent_id": "carla", "target": null, "subject": "To all", "created_at": "2026-11-27T06:23:24.448421Z"}','public',NULL,'2026-11-27T06:23:24.494682Z');
INSERT INTO events VALUES(9,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','handoff','handoff.created','ann','{"handoff_id": "hof_ad408fccd5de4b0a9f40185f1677ae03", "workspace_id": "d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9", "status": "OPEN", "from_agent_id": "ann", "target": {"strategy": "direct", "agent_id": "ben.b"}, "visibility": "public", "created_at": "2026-11-27T06:23:24.649636Z"}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:24.660708Z');
INSERT INTO events VALUES(10,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','handoff','handoff.created','ann','{"handoff_id": "hof_d565047a509c4681b43d156178f4e669", "workspace_id": "d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9", "status": "OPEN", "from_agent_id": "ann", "target": {"strategy": "direct", "agent_id": "ben.b"}, "visibility": "public", "created_at": "2026-11-27T06:23:24.815264Z"}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:24.823885Z');
INSERT INTO events VALUES(11,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','handoff','handoff.created','ann','{"handoff_id": "hof_ab54fb3624804ce1b6b44e1ba3c194f8", "workspace_id": "d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9", "status": "OPEN", "from_agent_id": "ann", "target": {"strategy": "direct", "agent_id": "ben.b"}, "visibility": "public", "created_at": "2026-11-27T06:23:25.057788Z"}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:25.078451Z');
INSERT INTO events VALUES(12,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','handoff','handoff.created','ann','{"handoff_id": "hof_0a6c8bec517a4fa5a8f169545b077074", "workspace_id": "d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9", "status": "OPEN", "from_agent_id": "ann", "target": {"strategy": "direct", "agent_id": "ben.b"}, "visibility": "public", "created_at": "2026-11-27T06:23:25.284497Z"}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:25.291073Z');
INSERT INTO events VALUES(13,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','handoff','handoff.claimed','ben.b','{"handoff_id": "hof_ad408fccd5de4b0a9f40185f1677ae03", "workspace_id": "d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9", "status": "CLAIMED", "claimed_by": "ben.b", "claim_epoch": 1, "lease_expires_at": "2026-11-27T06:28:25.490903Z"}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:25.509233Z');
INSERT INTO events VALUES(14,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','handoff','handoff.completed','ben.b','{"handoff_id": "hof_ad408fccd5de4b0a9f40185f1677ae03", "workspace_id": "d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9", "status": "COMPLETED", "result": {"commit": "8c1f0de"}}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:25.678607Z');
INSERT INTO events VALUES(15,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','handoff','handoff.claimed','ben.b','{"handoff_id": "hof_ab54fb3624804ce1b6b44e1ba3c194f8", "workspace_id": "d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9", "status": "CLAIMED", "claimed_by": "ben.b", "claim_epoch": 1, "lease_expires_at": "2026-11-27T06:28:25.848177Z"}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:25.860246Z');
INSERT INTO events VALUES(16,'d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9','handoff','handoff.rejected','ben.b','{"handoff_id": "hof_0a6c8bec517a4fa5a8f169545b077074", "workspace_id": "d61f7ba09468b9b0af8dcdc474a87afec9ad9bf61a927e490f03fb4e69dfc5e9", "status": "REJECTED", "reason": "No time."}','public','{"strategy": "direct", "agent_id": "ben.b"}','2026-11-27T06:23:26.281852Z');
