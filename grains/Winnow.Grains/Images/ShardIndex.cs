using Winnow.Grains.Ports;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Review;

namespace Winnow.Grains.Images;

/// <summary>
/// A shard's images in memory: about 50 bytes each. Rows are addressed by ordinal; ids are found through an open-addressing table of
/// ordinals, since a digest is its own hash. Arrays are replaced when they grow, so a reader on another thread may keep the ones it took.
/// </summary>
internal sealed class ShardIndex
{
    private ImageId[] _ids = new ImageId[64];
    private Flags[] _flags = new Flags[64];
    private short[] _labels = new short[64];
    private int[] _versions = new int[64];
    private Stage[] _humanStages = new Stage[64];

    // Labels that came with images about which people have said something since: few, and what stands where all of that was taken back.
    private readonly Dictionary<int, short> _cameWith = [];
    private readonly HashSet<int> _saidAnew = [];
    private int[] _table = NewTable(128);
    private readonly long[] _stages = new long[(int)Stage.Disputed + 1];
    private readonly MachineKinds _machine = new();
    private readonly long[] _byMachine = new long[Enum.GetValues<MachineKind>().Length];
    private int _embedded;

    [Flags]
    public enum Flags : byte
    {
        None = 0,
        Holdout = 1,
        Quarantined = 2,
        /// <summary>People need not be asked (any more).</summary>
        Closed = 4,
        /// <summary>The label came with the image.</summary>
        Imported = 8,
        /// <summary>Some arm or the audit has asked about it.</summary>
        Asked = 16,
        /// <summary>Set aside for the review queue.</summary>
        Reserved = 32,
        /// <summary>Somebody verifies its label.</summary>
        InVerification = 64,
        /// <summary>People are to say anew what it shows, or differ about it: nothing else stands meanwhile.</summary>
        TakesNoOther = 128,
    }

    public int Count { get; private set; }

    public int Holdout { get; private set; }

    public int Quarantined { get; private set; }

    public int Decided { get; private set; }

    /// <summary>Images by stage, kept up to date by every change: to be read at any time.</summary>
    public long[] Stages() => [.. _stages];

    /// <summary>The first rows are embedded, this many.</summary>
    public int Embedded => _embedded;

    /// <summary>So many of the first rows are embedded now.</summary>
    public void SetEmbedded(int rows)
    {
        var (from, to) = rows < _embedded ? (rows, _embedded) : (_embedded, rows);
        for (var o = from; o < Math.Min(to, Count); o++) _stages[(int)StageOf(o, _embedded)]--;
        for (var o = from; o < Math.Min(to, Count); o++) _stages[(int)StageOf(o, rows)]++;
        _embedded = rows;
    }

    public ImageId IdOf(int ordinal) => _ids[ordinal];

    public Flags FlagsOf(int ordinal) => _flags[ordinal];

    /// <summary>The class index that stands, or -1.</summary>
    public int LabelOf(int ordinal) => _labels[ordinal];

    /// <summary>What labels count as by now; null where each counts as itself.</summary>
    public SchemaMap? Map { get; set; }

    /// <summary>What a model learns of the label that stands: the class index that it counts as, or -1 where it teaches nothing.</summary>
    public int LearnedOf(int ordinal) => Map is { } map ? map.Learned(_labels[ordinal]) : _labels[ordinal];

    /// <summary>Entries of human history.</summary>
    public int VersionOf(int ordinal) => _versions[ordinal];

    public bool Has(int ordinal, Flags flag) => (_flags[ordinal] & flag) != 0;

    public ReadOnlySpan<ImageId> Ids => _ids.AsSpan(0, Count);

    /// <summary>All ids as of now, to be read on any thread: images that come later go behind them, or into another array.</summary>
    public ReadOnlyMemory<ImageId> IdsSoFar => _ids.AsMemory(0, Count);

    public bool TryFind(ImageId id, out int ordinal)
    {
        var mask = _table.Length - 1;
        for (var at = (int)id.B & mask; ; at = (at + 1) & mask)
        {
            ordinal = _table[at];
            if (ordinal < 0) return false;
            if (_ids[ordinal] == id) return true;
        }
    }

    /// <summary>Appends an image that is not there yet.</summary>
    public int Add(ImageId id, Partition partition, int label, bool quarantined)
    {
        if (Count == _ids.Length) Resize(Count * 2);
        var ordinal = Count;
        _ids[ordinal] = id;
        _labels[ordinal] = (short)label;
        _versions[ordinal] = 0;
        _flags[ordinal] = (partition == Partition.Holdout ? Flags.Holdout : 0) | (quarantined ? Flags.Quarantined : 0)
            | (label >= 0 ? Flags.Imported | Flags.Closed : 0);
        Count++;
        if (partition == Partition.Holdout) Holdout++;
        if (quarantined) Quarantined++;
        _stages[(int)StageOf(ordinal, _embedded)]++;
        Insert(_table, id, ordinal);
        return ordinal;
    }

    /// <summary>
    /// Makes room for so many images in all, and a few to come. A shard that opens knows how many it has; growing step by step would leave
    /// as much again behind for the collector, and up to twice the room that is needed.
    /// </summary>
    public void Reserve(int images)
    {
        if (images > _ids.Length) Resize(checked(images + images / 16));
    }

    public void Quarantine(int ordinal)
    {
        if (Has(ordinal, Flags.Quarantined)) return;
        Quarantined++;
        Set(ordinal, Flags.Quarantined);
    }

    public void Set(int ordinal, Flags flag)
    {
        Tally(ordinal, -1);
        _flags[ordinal] |= flag;
        Tally(ordinal, 1);
    }

    public void Clear(int ordinal, Flags flag)
    {
        Tally(ordinal, -1);
        _flags[ordinal] &= ~flag;
        Tally(ordinal, 1);
    }

    /// <summary>
    /// Says of which kind the machine decision about an image is that stands where people leave room for one; null where there is none.
    /// </summary>
    public void SetMachine(int ordinal, MachineKind? kind)
    {
        Tally(ordinal, -1);
        _machine.Set(ordinal, kind);
        Tally(ordinal, 1);
    }

    /// <summary>
    /// By what kind of machine decision an image stands; null where it does not (<see cref="MachineStanding"/>, of which this is the side
    /// that memory knows).
    /// </summary>
    public MachineKind? StandsByMachine(int ordinal) =>
        (_flags[ordinal] & (Flags.Closed | Flags.TakesNoOther | Flags.Holdout | Flags.Quarantined | Flags.Imported)) == 0
        ? _machine.Of(ordinal) : null;

    /// <summary>Images that stand by machine decisions of a kind; to be read at any time.</summary>
    public long StandingBy(MachineKind kind) => _byMachine[(int)kind];

    private void Tally(int ordinal, int one)
    {
        _stages[(int)StageOf(ordinal, _embedded)] += one;
        if (StandsByMachine(ordinal) is { } kind) _byMachine[(int)kind] += one;
    }

    /// <summary>
    /// A human fact was committed. It may open an image again; one that leaves nothing said leaves what came with the image
    /// (<see cref="HistoryRow"/>).
    /// </summary>
    public void Decide(int ordinal, int version, int label, bool closes, Stage stage)
    {
        Tally(ordinal, -1);
        if (IsDecided(ordinal)) Decided--;
        var imported = (_flags[ordinal] & Flags.Imported) != 0;
        if (imported && !_cameWith.ContainsKey(ordinal)) _cameWith.Add(ordinal, _labels[ordinal]);
        var asItCame = imported && !closes && label == NoLabel;
        var takesNoOther = !closes && (label == HistoryRow.AskedAgain || stage == Stage.Disputed);
        if (asItCame) (label, closes, stage) = (_cameWith[ordinal], true, Stage.Labeled);
        if (asItCame) _saidAnew.Remove(ordinal);
        else if (imported) _saidAnew.Add(ordinal);
        _versions[ordinal] = version;
        _labels[ordinal] = (short)Math.Max(label, NoLabel);
        _humanStages[ordinal] = stage;
        if (closes) _flags[ordinal] |= Flags.Closed;
        else _flags[ordinal] &= ~Flags.Closed;
        if (takesNoOther) _flags[ordinal] |= Flags.TakesNoOther;
        else _flags[ordinal] &= ~Flags.TakesNoOther;
        if (IsDecided(ordinal)) Decided++;
        Tally(ordinal, 1);
    }

    /// <summary>Whether the label that stands came with the image.</summary>
    public bool StandsAsItCame(int ordinal) => Has(ordinal, Flags.Imported) && !_saidAnew.Contains(ordinal);

    private const int NoLabel = -1;

    // What came with a label was closed before anybody said anything.
    private bool IsDecided(int ordinal) => (_flags[ordinal] & (Flags.Closed | Flags.Imported)) == Flags.Closed;

    /// <summary>
    /// What people are asked about it; null where nothing is. Rounds wait for labels alone (<see cref="IsOpen"/>): whoever verifies one
    /// does so behind them.
    /// </summary>
    public TaskKind? QuestionOf(int ordinal) => Question(
        _flags[ordinal], _versions[ordinal] > 0 ? _humanStages[ordinal] : Stage.Received, StandsAsItCame(ordinal));

    /// <summary>The same as it will be once a human fact is committed (<see cref="Decide"/>).</summary>
    /// <param name="ordinal">The image.</param>
    /// <param name="label">As of the fact.</param>
    /// <param name="closes">As of the fact.</param>
    /// <param name="stage">As of the fact.</param>
    /// <param name="draws">Whether it is drawn for verification with it.</param>
    public TaskKind? QuestionAfter(int ordinal, int label, bool closes, Stage stage, bool draws)
    {
        var asItCame = Has(ordinal, Flags.Imported) && !closes && label == NoLabel;
        var flags = (_flags[ordinal] & ~Flags.Closed) | (closes || asItCame ? Flags.Closed : 0) | (draws ? Flags.InVerification : 0);
        return Question(flags, asItCame ? Stage.Labeled : stage, asItCame);
    }

    private static TaskKind? Question(Flags flags, Stage stage, bool asItCame)
    {
        if ((flags & Flags.Quarantined) != 0) return null;
        if ((flags & Flags.Closed) != 0)
            return stage == Stage.Labeled && (flags & Flags.InVerification) != 0 && !asItCame ? TaskKind.Verify : null;
        if (stage == Stage.Disputed) return (flags & (Flags.Asked | Flags.InVerification)) != 0 ? TaskKind.Arbitrate : null;
        return (flags & Flags.Asked) != 0 ? TaskKind.Label : null;
    }

    /// <summary>Whether people are being asked what it shows: nothing stands yet.</summary>
    public bool IsOpen(int ordinal) => (_flags[ordinal] & (Flags.Asked | Flags.Closed | Flags.Quarantined)) == Flags.Asked;

    /// <summary>How far an image has come, given how many rows are embedded.</summary>
    public Stage StageOf(int ordinal, int embedded)
    {
        var flags = _flags[ordinal];
        if ((flags & Flags.Quarantined) != 0) return Stage.Quarantined;
        if ((flags & Flags.Closed) != 0) return _versions[ordinal] == 0 ? Stage.Labeled : _humanStages[ordinal];
        if (_versions[ordinal] > 0 && _humanStages[ordinal] == Stage.Disputed) return Stage.Disputed;
        if ((flags & Flags.Asked) != 0) return Stage.Queued;
        return ordinal < embedded ? Stage.Scored : Stage.Received;
    }

    private void Resize(int size)
    {
        Array.Resize(ref _ids, size);
        Array.Resize(ref _flags, size);
        Array.Resize(ref _labels, size);
        Array.Resize(ref _versions, size);
        Array.Resize(ref _humanStages, size);
        // At most three quarters full.
        var places = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(size + size / 3));
        if (places <= _table.Length) return;
        var table = NewTable(places);
        for (var i = 0; i < Count; i++) Insert(table, _ids[i], i);
        _table = table;
    }

    private static int[] NewTable(int size)
    {
        var table = new int[size];
        Array.Fill(table, -1);
        return table;
    }

    private static void Insert(int[] table, ImageId id, int ordinal)
    {
        var mask = table.Length - 1;
        var at = (int)id.B & mask;
        while (table[at] >= 0) at = (at + 1) & mask;
        table[at] = ordinal;
    }
}
