// My server. `./check` starts it, and says what to do next.

const net = require("node:net");

const port = Number(process.argv[2] ?? 8888);

// Chapter 1 makes eight calls. Node has names of its own for them. Once:
//     net.createServer does socket and setsockopt; server.listen(port, "127.0.0.1") bind and listen
// and then for each client:
//     the event "connection" is accept, "data" is recv; socket.end(answer) is send and close

console.log(`Nothing listens on http://127.0.0.1:${port} yet.`);
