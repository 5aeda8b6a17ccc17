// What every page does: links that swap a part, forms that act, keys, clocks and the live socket.

import "./links.js";
import "./acts.js";
import "./drafts.js";
import "./compose.js";
import "./palette.js";
import "./keys.js";
import "./clocks.js";
import "./look.js";
import "./dialogs.js";
import "./live.js";
import "./polls.js";
