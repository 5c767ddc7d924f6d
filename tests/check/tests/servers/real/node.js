// Node's own server with the routes of the demo application, stopped as everybody writes it.
const http = require('http');

const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const number = (name) => Number(url.searchParams.get(name));
  if (url.pathname === '/') {
    response.end('Hello, World!\n');
  } else if (url.pathname === '/echo' && request.method === 'POST') {
    request.pipe(response);
  } else if (url.pathname === '/sleep') {
    setTimeout(() => response.end('slept\n'), number('ms'));
  } else if (url.pathname === '/stream') {
    stream(response, 0, number('n'), number('ms'));
  } else {
    response.statusCode = 404;
    response.end('no such page\n');
  }
});

function stream(response, line, lines, pause) {
  if (line >= lines || response.destroyed) return response.end();
  const next = () => stream(response, line + 1, lines, pause);
  if (response.write(`line ${line}\n`)) setTimeout(next, pause);
  else response.once('drain', next);
}

server.listen(Number(process.argv[2]), '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
