package dev.palimpsest.measure;

import dev.palimpsest.generate.Prompt;
import dev.palimpsest.run.Sha256;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A set of held-out items with a name. Either all are texts, or none is.
 *
 * @param name the file's stem
 * @param folder that the items' metrics find their files in
 * @param items at least one
 * @param documents what an item of this id is about, where that is told: items about one document
 *     are not independent
 */
public record Probe(
    String name,
    ProbeKind kind,
    Path folder,
    List<ProbeItem> items,
    Map<String, String> documents) {
  /** Items that are independent of each other. */
  public Probe(String name, ProbeKind kind, Path folder, List<ProbeItem> items) {
    this(name, kind, folder, items, Map.of());
  }

  /** Copies the items and checks that they are of one kind. */
  public Probe {
    items = List.copyOf(items);
    documents = Map.copyOf(documents);
    if (items.isEmpty()) {
      throw new IllegalArgumentException("probe " + name + " has no items");
    }
    long texts = items.stream().filter(ProbeItem.Read.class::isInstance).count();
    if (texts != 0 && texts != items.size()) {
      throw new IllegalArgumentException(
          "probe "
              + name
              + ": "
              + texts
              + " of "
              + items.size()
              + " items are texts; a probe is of texts or of questions, not both");
    }
  }

  /** The same probe with some of its items. */
  public Probe of(List<ProbeItem> some) {
    return new Probe(name, kind, folder, some, documents);
  }

  /** At most so many of its items, evenly spread over it. */
  public Probe thinned(int most) {
    if (items.size() <= most) {
      return this;
    }
    return of(IntStream.range(0, most).mapToObj(i -> items.get(i * items.size() / most)).toList());
  }

  /** The same probe under another name. */
  public Probe named(String other) {
    return new Probe(other, kind, folder, items, documents);
  }

  /** Whether it is measured in bits a byte. */
  public boolean ofTexts() {
    return items.getFirst() instanceof ProbeItem.Read;
  }

  /** What an item is about, if that is told. */
  Optional<String> document(ProbeItem item) {
    return Optional.ofNullable(documents.get(item.id()));
  }

  /** SHA-256 over the items, their ids, slices, documents and order included. */
  public String digest() {
    StringBuilder all = new StringBuilder();
    for (ProbeItem item : items) {
      all.append(
              Contents.of(
                  "item", new Prompt.Raw(item.id()), item.slice().map(List::of).orElse(List.of())))
          .append(item.content())
          .append(document(item).map(name -> "\t" + name).orElse(""))
          .append('\n');
    }
    return Sha256.of(all.toString());
  }
}
