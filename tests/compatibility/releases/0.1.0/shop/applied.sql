BEGIN TRANSACTION;
CREATE TABLE config (
	id INTEGER NOT NULL, 
	config_key VARCHAR(255) NOT NULL, 
	config_value TEXT NOT NULL, 
	config_type VARCHAR(50) NOT NULL, 
	category VARCHAR(100) NOT NULL, 
	description TEXT, 
	is_sensitive BOOLEAN DEFAULT 0, 
	last_updated DATETIME DEFAULT CURRENT_TIMESTAMP, 
	updated_by VARCHAR(255), 
	created_at DATETIME DEFAULT CURRENT_TIMESTAMP, 
	PRIMARY KEY (id), 
	UNIQUE (config_key)
);
INSERT INTO "config" VALUES(1,'theme','dark','string','system','Colours',0,'2026-11-25 20:36:46','penguin-compile','2026-11-25 20:36:46');
INSERT INTO "config" VALUES(2,'page_size','20','integer','system','Rows on a page',0,'2026-11-25 20:36:46','penguin-compile','2026-11-25 20:36:46');
INSERT INTO "config" VALUES(3,'ratio','0.5','json','system',NULL,0,'2026-11-25 20:36:46','penguin-compile','2026-11-25 20:36:46');
INSERT INTO "config" VALUES(4,'open','true','boolean','system',NULL,0,'2026-11-25 20:36:46','penguin-compile','2026-11-25 20:36:46');
INSERT INTO "config" VALUES(5,'limits','{"a": [1, null]}','json','system',NULL,0,'2026-11-25 20:36:46','penguin-compile','2026-11-25 20:36:46');
CREATE TABLE penguin_audit (
	app VARCHAR(64) NOT NULL, 
	environment VARCHAR(64) NOT NULL, 
	address VARCHAR(300) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	actor VARCHAR(255) NOT NULL, 
	via VARCHAR(16) NOT NULL, 
	action VARCHAR(16) NOT NULL, 
	revision INTEGER, 
	"before" TEXT, 
	"after" TEXT, 
	PRIMARY KEY (app, environment, address, id)
);
INSERT INTO "penguin_audit" VALUES('shop','dev','config/theme','57505c92df09498794c0000000000000','2026-11-25T20:36:46.279000+00:00','root','apply','create',1,NULL,'{"fields":{"category":"system","description":"Colours","sensitive":false,"type":"string","value":"light"}}');
INSERT INTO "penguin_audit" VALUES('shop','dev','config/page_size','57505c92df09498794c0000000000001','2026-11-25T20:36:46.279000+00:00','root','apply','create',1,NULL,'{"fields":{"category":"system","description":"Rows on a page","sensitive":false,"type":"integer","value":20}}');
INSERT INTO "penguin_audit" VALUES('shop','dev','config/ratio','57505c92df09498794c0000000000002','2026-11-25T20:36:46.279000+00:00','root','apply','create',1,NULL,'{"fields":{"category":"system","description":null,"sensitive":false,"type":"json","value":0.5}}');
INSERT INTO "penguin_audit" VALUES('shop','dev','config/open','57505c92df09498794c0000000000003','2026-11-25T20:36:46.279000+00:00','root','apply','create',1,NULL,'{"fields":{"category":"system","description":null,"sensitive":false,"type":"boolean","value":true}}');
INSERT INTO "penguin_audit" VALUES('shop','dev','config/limits','57505c92df09498794c0000000000004','2026-11-25T20:36:46.279000+00:00','root','apply','create',1,NULL,'{"fields":{"category":"system","description":null,"sensitive":false,"type":"json","value":{"a":[1,null]}}}');
CREATE TABLE penguin_ledger (
	app VARCHAR(64) NOT NULL, 
	environment VARCHAR(64) NOT NULL, 
	address VARCHAR(300) NOT NULL, 
	fields TEXT NOT NULL, 
	manage VARCHAR(16) NOT NULL, 
	protected BOOLEAN NOT NULL, 
	kept VARCHAR(64), 
	revision INTEGER NOT NULL, 
	PRIMARY KEY (app, environment, address)
);
INSERT INTO "penguin_ledger" VALUES('shop','dev','config/theme','{"fields":{"category":"system","description":"Colours","sensitive":false,"type":"string","value":"light"}}','merge',0,NULL,1);
INSERT INTO "penguin_ledger" VALUES('shop','dev','config/page_size','{"fields":{"category":"system","description":"Rows on a page","sensitive":false,"type":"integer","value":20}}','enforce',0,NULL,1);
INSERT INTO "penguin_ledger" VALUES('shop','dev','config/ratio','{"fields":{"category":"system","description":null,"sensitive":false,"type":"json","value":0.5}}','seed',0,NULL,1);
INSERT INTO "penguin_ledger" VALUES('shop','dev','config/open','{"fields":{"category":"system","description":null,"sensitive":false,"type":"boolean","value":true}}','merge',1,NULL,1);
INSERT INTO "penguin_ledger" VALUES('shop','dev','config/limits','{"fields":{"category":"system","description":null,"sensitive":false,"type":"json","value":{"a":[1,null]}}}','merge',0,NULL,1);
CREATE TABLE penguin_lock (
	app VARCHAR(64) NOT NULL, 
	environment VARCHAR(64) NOT NULL, 
	token INTEGER NOT NULL, 
	lock_id VARCHAR(36), 
	holder VARCHAR(255), 
	host VARCHAR(255), 
	machine VARCHAR(128), 
	process INTEGER, 
	process_start VARCHAR(32), 
	started_at VARCHAR(32), 
	expires_at DOUBLE, 
	PRIMARY KEY (app, environment)
);
INSERT INTO "penguin_lock" VALUES('shop','dev',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE penguin_meta (
	app VARCHAR(64) NOT NULL, 
	environment VARCHAR(64) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	value VARCHAR(255) NOT NULL, 
	PRIMARY KEY (app, environment, name)
);
INSERT INTO "penguin_meta" VALUES('shop','dev','salt','e6d3e8793ebb204f93f072ce3760ec6ee99bb5c629b7ed3000817a3b1e511892');
INSERT INTO "penguin_meta" VALUES('shop','dev','config_table','config');
CREATE TABLE penguin_outcome (
	app VARCHAR(64) NOT NULL, 
	environment VARCHAR(64) NOT NULL, 
	revision INTEGER NOT NULL, 
	address VARCHAR(300) NOT NULL, 
	action VARCHAR(16) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	message TEXT, 
	at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (app, environment, revision, address)
);
CREATE TABLE penguin_past (
	app VARCHAR(64) NOT NULL, 
	environment VARCHAR(64) NOT NULL, 
	address VARCHAR(300) NOT NULL, 
	replaced INTEGER NOT NULL, 
	revision INTEGER NOT NULL, 
	fields TEXT NOT NULL, 
	manage VARCHAR(16) NOT NULL, 
	protected BOOLEAN NOT NULL, 
	PRIMARY KEY (app, environment, address, replaced)
);
CREATE TABLE penguin_revision (
	app VARCHAR(64) NOT NULL, 
	environment VARCHAR(64) NOT NULL, 
	id INTEGER NOT NULL, 
	started_at VARCHAR(32) NOT NULL, 
	finished_at VARCHAR(32), 
	actor VARCHAR(255) NOT NULL, 
	tool_version VARCHAR(64) NOT NULL, 
	git_commit VARCHAR(64), 
	spec_digest VARCHAR(64) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	"plan" TEXT, note VARCHAR(255), 
	PRIMARY KEY (app, environment, id)
);
INSERT INTO "penguin_revision" VALUES('shop','dev',1,'2026-11-25T20:36:46.276+00:00','2026-11-25T20:36:46.276+00:00','root','0.1.0','0f19c42d570ee19e1b957f10c2ef52662c1a596b','760c2559a30c800fb964b7cfc0b07be67130224aa5a2f6e24f332142cf30f118','done','{"format":1,"tool_version":"0.1.0","app":"shop","environment":"dev","protected":false,"spec":"spec/shop.yaml","spec_digest":"760c2559a30c800fb964b7cfc0b07be67130224aa5a2f6e24f332142cf30f118","created_at":"2026-11-25T20:36:44+00:00","targets":["sqlite:///shop.db"],"decisions":{"keep_live":[],"use_spec":[],"only":[],"prune":false,"skip_conflicts":false,"secrets":false,"max_updates":null,"max_deletes":null},"summary":{"create":5,"update":0,"delete":0,"conflicts":0,"kept":0,"adopted":0,"unchanged":0,"unmanaged":0,"waiting":0,"description_only":0},"refusals":[],"notices":["table config will be created"],"findings":[],"changes":[{"address":"config/theme","class":"create","action":"create","fields":[{"path":"value","desired":"light","sensitive":false},{"path":"type","desired":"string","sensitive":false},{"path":"category","desired":"system","sensitive":false},{"path":"description","desired":"Colours","sensitive":false},{"path":"sensitive","desired":false,"sensitive":false}],"writes":["value","type","category","description","sensitive"],"reason":"","origin":"spec/shop.yaml:4:3","manage":"merge","protected":false,"edited_by":null,"edited_at":null,"precondition":null,"ledger_revision":null},{"address":"config/page_size","class":"create","action":"create","fields":[{"path":"value","desired":20,"sensitive":false},{"path":"type","desired":"integer","sensitive":false},{"path":"category","desired":"system","sensitive":false},{"path":"description","desired":"Rows on a page","sensitive":false},{"path":"sensitive","desired":false,"sensitive":false}],"writes":["value","type","category","description","sensitive"],"reason":"","origin":"spec/shop.yaml:5:3","manage":"enforce","protected":false,"edited_by":null,"edited_at":null,"precondition":null,"ledger_revision":null},{"address":"config/ratio","class":"create","action":"create","fields":[{"path":"value","desired":0.5,"sensitive":false},{"path":"type","desired":"json","sensitive":false},{"path":"category","desired":"system","sensitive":false},{"path":"description","desired":null,"sensitive":false},{"path":"sensitive","desired":false,"sensitive":false}],"writes":["value","type","category","description","sensitive"],"reason":"","origin":"spec/shop.yaml:6:3","manage":"seed","protected":false,"edited_by":null,"edited_at":null,"precondition":null,"ledger_revision":null},{"address":"config/open","class":"create","action":"create","fields":[{"path":"value","desired":true,"sensitive":false},{"path":"type","desired":"boolean","sensitive":false},{"path":"category","desired":"system","sensitive":false},{"path":"description","desired":null,"sensitive":false},{"path":"sensitive","desired":false,"sensitive":false}],"writes":["value","type","category","description","sensitive"],"reason":"","origin":"spec/shop.yaml:7:3","manage":"merge","protected":true,"edited_by":null,"edited_at":null,"precondition":null,"ledger_revision":null},{"address":"config/limits","class":"create","action":"create","fields":[{"path":"value","desired":{"a":[1,null]},"sensitive":false},{"path":"type","desired":"json","sensitive":false},{"path":"category","desired":"system","sensitive":false},{"path":"description","desired":null,"sensitive":false},{"path":"sensitive","desired":false,"sensitive":false}],"writes":["value","type","category","description","sensitive"],"reason":"","origin":"spec/shop.yaml:8:3","manage":"merge","protected":false,"edited_by":null,"edited_at":null,"precondition":null,"ledger_revision":null}]}',NULL);
CREATE TABLE penguin_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT penguin_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "penguin_schema" VALUES('0002');
CREATE INDEX idx_config_category ON config (category);
CREATE INDEX idx_config_key ON config (config_key);
COMMIT;
