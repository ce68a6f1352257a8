"""Articles are found in Simplified Chinese by Traditional and the other way round: their grams are made anew."""

from typing import Any

from django.db import migrations

from mainstay.domain.full_text import grams


def again(apps: Any, _schema: Any) -> None:
    article, gram = apps.get_model("knowledge", "Article"), apps.get_model("knowledge", "Gram")
    for row in article.objects.all().iterator():
        gram.objects.filter(article=row).delete()
        gram.objects.bulk_create(
            gram(article=row, language=language, gram=one)
            for language, text in row.texts.items()
            for one in sorted(grams(text["title"], text["body"]))
        )


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0001_initial")]

    operations = [migrations.RunPython(again, migrations.RunPython.noop)]
