#!/bin/sh
# The SIEM of the lab: sh siem.sh KIND ADDRESS, where KIND is opensearch (with Security Analytics), wazuh, elastic or splunk.
set -eu
kind=$1
address=$2
password=$(cat /tmp/tyrian/siem-password)
trap 'rm -f /tmp/tyrian/siem-password' EXIT
export DEBIAN_FRONTEND=noninteractive

repository() { # NAME KEY-URL LINE
  if [ ! -f "/etc/apt/sources.list.d/$1.list" ]; then
    curl -fsSL "$2" | gpg --dearmor --yes -o "/usr/share/keyrings/$1.gpg"
    echo "deb [signed-by=/usr/share/keyrings/$1.gpg] $3" > "/etc/apt/sources.list.d/$1.list"
  fi
  apt-get update -q
}
setting() { # FILE LINE
  grep -Fxq "$2" "$1" || echo "$2" >> "$1"
}

if ! command -v curl >/dev/null || ! command -v gpg >/dev/null; then
  apt-get update -q || { echo "error: there is no way to the archive: TYRIAN_LAB_UPLINK=1 vagrant up" >&2; exit 1; }
  apt-get install -q -y --no-install-recommends curl gpg ca-certificates
fi

case $kind in
  opensearch)
    repository opensearch https://artifacts.opensearch.org/publickeys/opensearch.pgp "https://artifacts.opensearch.org/releases/bundle/opensearch/2.x/apt stable main"
    OPENSEARCH_INITIAL_ADMIN_PASSWORD=$password apt-get install -q -y opensearch
    setting /etc/opensearch/opensearch.yml "network.host: $address"
    setting /etc/opensearch/opensearch.yml "discovery.type: single-node"
    systemctl enable --now opensearch
    ;;
  wazuh)
    repository wazuh https://packages.wazuh.com/key/GPG-KEY-WAZUH "https://packages.wazuh.com/4.x/apt/ stable main"
    apt-get install -q -y wazuh-manager
    systemctl enable --now wazuh-manager
    echo "Wazuh's indexer and dashboard have their own installation assistant; the manager and its API are up"
    ;;
  elastic)
    repository elastic https://artifacts.elastic.co/GPG-KEY-elasticsearch "https://artifacts.elastic.co/packages/8.x/apt stable main"
    apt-get install -q -y elasticsearch kibana
    setting /etc/elasticsearch/elasticsearch.yml "network.host: $address"
    systemctl enable --now elasticsearch
    printf '%s\n%s\n' "$password" "$password" | /usr/share/elasticsearch/bin/elasticsearch-reset-password --batch --interactive --username elastic
    ;;
  splunk)
    # Splunk is not in any archive: put its package into the machine as /opt/splunk.deb, under the licence that you have accepted.
    [ -f /opt/splunk.deb ] || { echo "error: /opt/splunk.deb is absent: vagrant upload splunk.deb /tmp/splunk.deb, move it there, and provision again" >&2; exit 1; }
    apt-get install -q -y /opt/splunk.deb
    printf '[user_info]\nUSERNAME = admin\nPASSWORD = %s\n' "$password" > /opt/splunk/etc/system/local/user-seed.conf
    /opt/splunk/bin/splunk enable boot-start --accept-license --no-prompt --answer-yes
    /opt/splunk/bin/splunk start --accept-license --no-prompt --answer-yes
    ;;
  *)
    echo "error: no such SIEM: $kind" >&2
    exit 2
    ;;
esac
echo "the password of its administrator is in .vagrant/tyrian/siem-password on your machine"
