-- Tables that the importer reads, from a database that agent-bus-mcp 0.5.1 wrote for tests/transfer/agent_bus.py.
CREATE TABLE meta (
                  key TEXT PRIMARY KEY,
                  value TEXT NOT NULL
                );
INSERT INTO meta VALUES('schema_version','6');
INSERT INTO meta VALUES('topics_version','7');
INSERT INTO meta VALUES('fts_backfill_v1','1');
CREATE TABLE topics (
              topic_id TEXT PRIMARY KEY,
              name TEXT NOT NULL,
              created_at REAL NOT NULL,
              status TEXT NOT NULL,
              closed_at REAL NULL,
              close_reason TEXT NULL,
              metadata_json TEXT NULL
            );
INSERT INTO topics VALUES('b2419cb300','release 4',1795761532.3459086,'open',NULL,NULL,'{"goal":"ship"}');
INSERT INTO topics VALUES('cc6b7a840c','retro',1795761532.7896085,'closed',1795761532.8891797,'over',NULL);
CREATE TABLE topic_seq (
              topic_id TEXT PRIMARY KEY,
              next_seq INTEGER NOT NULL,
              updated_at REAL NOT NULL
            );
INSERT INTO topic_seq VALUES('b2419cb300',5,1795761532.7565737);
INSERT INTO topic_seq VALUES('cc6b7a840c',2,1795761532.8577666);
CREATE TABLE messages (
              message_id TEXT PRIMARY KEY,
              topic_id TEXT NOT NULL,
              seq INTEGER NOT NULL,
              sender TEXT NOT NULL,
              message_type TEXT NOT NULL,
              reply_to TEXT NULL,
              content_markdown TEXT NOT NULL,
              metadata_json TEXT NULL,
              client_message_id TEXT NULL,
              created_at REAL NOT NULL
            );
INSERT INTO messages VALUES('04a0deabff','b2419cb300',1,'ann','message',NULL,'# Plan

Ship **it** — ünï 🛟.',NULL,'plan-1',1795761532.6772804);
INSERT INTO messages VALUES('0f77139637','b2419cb300',3,'ann','question',NULL,'Who reviews?',NULL,NULL,1795761532.6772804);
INSERT INTO messages VALUES('e06abe6241','b2419cb300',4,'ben the second','answer','0f77139637','I do.','{"eta":5}',NULL,1795761532.7565737);
INSERT INTO messages VALUES('95bd3816a3','cc6b7a840c',1,'ann','message',NULL,'All went well.',NULL,NULL,1795761532.8577666);
CREATE TABLE cursors (
              topic_id TEXT NOT NULL,
              agent_name TEXT NOT NULL,
              last_seq INTEGER NOT NULL,
              updated_at REAL NOT NULL,
              PRIMARY KEY(topic_id, agent_name)
            );
INSERT INTO cursors VALUES('b2419cb300','ann',0,1795761532.6772804);
INSERT INTO cursors VALUES('b2419cb300','ben the second',3,1795761532.7565737);
INSERT INTO cursors VALUES('cc6b7a840c','ann',0,1795761532.8577666);
CREATE TABLE agent_name_reservations (
              topic_id TEXT NOT NULL,
              agent_name TEXT NOT NULL,
              reclaim_token TEXT NOT NULL,
              created_at REAL NOT NULL,
              last_claimed_at REAL NOT NULL,
              PRIMARY KEY(topic_id, agent_name)
            );
INSERT INTO agent_name_reservations VALUES('b2419cb300','ann','31e1870df4614879a1b719a3bd9922d9',1795761532.5172215,1795761532.5172215);
INSERT INTO agent_name_reservations VALUES('b2419cb300','ben the second','a07d22901ee94c1fae7fab31c0c04d1b',1795761532.6437051,1795761532.6437051);
INSERT INTO agent_name_reservations VALUES('cc6b7a840c','ann','e5d3bb0ff04f48658186daf4df915958',1795761532.8300447,1795761532.8300447);
