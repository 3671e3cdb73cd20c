"""The editor: Qt windows around a document. Never imports torch."""
