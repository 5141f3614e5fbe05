"""What is written for a question that its passage or table cannot answer, and how a prompt allows for it."""

NO_ANSWER = "답을 찾을 수 없음"
ALLOWED = f"답이 없으면 '{NO_ANSWER}'이라고 답하시오."
