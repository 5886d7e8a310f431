"""openCypher's Technology Compatibility Kit, run against the evaluator and against Neo4j."""
