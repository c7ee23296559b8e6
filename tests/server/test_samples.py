"""The client samples of the product's documentation work with only host and key changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable

import pytest

from tests.factories import next_phone
from tests.server.served import Served

AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"

CURL = """
curl -sS -X PUT URL/v1/public/opt-in/ \\
-H "Content-Type: application/json" \\
-H "x-api: YOUR_API_KEY_UUID" \\
-d '{
"mobile_phone": "PHONE",
"ip_address": "192.168.1.1",
"user_agent": "AGENT",
"opt_in_number_id": "NUMBER"
}'
"""

PYTHON = """
import requests
import json

def opt_in_user(phone, ip_address, user_agent, opt_in_number_id):
    url = "URL/v1/public/opt-in/"

    headers = {
        "Content-Type": "application/json",
        "x-api": "YOUR_API_KEY_UUID"
    }

    payload = {
        "mobile_phone": phone,
        "ip_address": ip_address,
        "user_agent": user_agent,
        "opt_in_number_id": opt_in_number_id
    }

    response = requests.put(url, headers=headers, data=json.dumps(payload))

    if response.status_code == 200:
        return response.json()
    else:
        raise Exception(f"API request failed with status {response.status_code}")

print(json.dumps(opt_in_user("PHONE", "192.168.1.1", "AGENT", "NUMBER")))
"""

FETCH = """
const optInUser = async (userData) => {
  const response = await fetch('URL/v1/public/opt-in/', {
    method: 'PUT',
    headers: {
      'Content-Type': 'application/json',
      'x-api': 'YOUR_API_KEY_UUID'
    },
    body: JSON.stringify({
      mobile_phone: userData.phone,
      ip_address: userData.ipAddress,
      user_agent: 'AGENT',
      opt_in_number_id: 'NUMBER'
    })
  });

  if (!response.ok) {
    throw new Error(`HTTP error! status: ${response.status}`);
  }

  return await response.json();
};
optInUser({phone: 'PHONE', ipAddress: '192.168.1.1'}).then(r => console.log(JSON.stringify(r)));
"""

AXIOS = """
// What axios sends through node's own http module, header for header.
const http = require('http');
const data = JSON.stringify({
  mobile_phone: 'PHONE',
  ip_address: '192.168.1.1',
  user_agent: 'AGENT',
  opt_in_number_id: 'NUMBER'
});
const request = http.request('URL/v1/public/opt-in/', {
  method: 'PUT',
  headers: {
    'Accept': 'application/json, text/plain, */*',
    'Content-Type': 'application/json',
    'x-api': 'YOUR_API_KEY_UUID',
    'User-Agent': 'axios/1.7.2',
    'Content-Length': Buffer.byteLength(data),
    'Accept-Encoding': 'gzip, compress, deflate, br'
  }
}, (response) => {
  let body = '';
  response.on('data', (part) => body += part);
  response.on('end', () => {
    if (response.statusCode !== 200) throw new Error('Opt-in failed: ' + body);
    console.log(JSON.stringify(JSON.parse(body)));
  });
});
request.write(data);
request.end();
"""

PHP = """<?php
function optInUser($phone, $ipAddress, $userAgent, $optInNumberId) {
$url = 'URL/v1/public/opt-in/';

$data = array(
'mobile_phone' => $phone,
'ip_address' => $ipAddress,
'user_agent' => $userAgent,
'opt_in_number_id' => $optInNumberId
);

$options = array(
'http' => array(
'header' => "Content-Type: application/json\\r\\n" .
"x-api: YOUR_API_KEY_UUID\\r\\n",
'method' => 'PUT',
'content' => json_encode($data)
)
);

$context = stream_context_create($options);
$result = file_get_contents($url, false, $context);

if ($result === FALSE) {
throw new Exception('API request failed');
}

return json_decode($result, true);
}
echo json_encode(optInUser('PHONE', '192.168.1.1', 'AGENT', 'NUMBER'));
"""

SAMPLES: dict[str, tuple[str, Callable[[str], list[str]], str]] = {
    "curl": ("sh", lambda code: ["sh", "-c", code], CURL),
    "python": (sys.executable, lambda code: [sys.executable, "-c", code], PYTHON),
    "fetch": ("node", lambda code: ["node", "-e", code], FETCH),
    "axios": ("node", lambda code: ["node", "-e", code], AXIOS),
    "php": ("php", lambda code: ["php", "-r", code.removeprefix("<?php\n")], PHP),
}


@pytest.mark.filterwarnings("default::UserWarning")
@pytest.mark.parametrize("name", SAMPLES)
def test_a_documented_sample_works(served: Served, name: str) -> None:
    program, command, template = SAMPLES[name]
    needed = "curl" if name == "curl" else program
    if shutil.which(needed) is None:
        warnings.warn(f"NOT TRIED: the {name} sample, because {needed} is missing", stacklevel=1)
        return
    phone = next_phone()
    code = template
    for mark, value in (
        ("YOUR_API_KEY_UUID", served.key),
        ("URL", served.url),
        ("PHONE", phone),
        ("NUMBER", served.number_id),
        ("AGENT", AGENT),
    ):
        code = code.replace(mark, value)
    done = _run(command(code))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["success"] is True
    assert said["data"]["phone_number"] == phone
    # The same again fails the way each sample expects.
    again = _run(command(code))
    told = again.stdout + again.stderr
    assert "409" in told or "already opted in" in told


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Runs a sample, without the proxies that the environment may name."""
    direct = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=direct
    )
