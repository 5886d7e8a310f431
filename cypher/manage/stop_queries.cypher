// manage/stop_queries: stops the transactions that carry a mark in their metadata
// parameters: mark: string
// columns: message: string
// manage
SHOW TRANSACTIONS YIELD transactionId AS transaction, metaData
WHERE metaData.lineage_query = $mark
TERMINATE TRANSACTIONS transaction
YIELD message
RETURN message
