namespace Winnow.Inference.Images;

/// <summary>
/// The taps of a one-dimensional bilinear resize: for each output position the first source position, the number of taps and their weights,
/// which sum to 1. The triangle filter widens by the scale when shrinking (antialias), as in Pillow's resize; when enlarging it is plain
/// linear interpolation between pixel centres.
/// </summary>
internal sealed class FilterTable
{
    private int _source = -1;
    private int _target = -1;

    public int[] Start { get; private set; } = [];

    public int[] Count { get; private set; } = [];

    /// <summary>Weights of output i begin at i · <see cref="Stride"/>.</summary>
    public float[] Weights { get; private set; } = [];

    public int Stride { get; private set; }

    /// <summary>The most source positions that one output reads.</summary>
    public int MaxCount { get; private set; }

    /// <summary>
    /// Fills the table; free when source and target are those of the last call, which is the usual case within a dataset.
    /// </summary>
    public void Prepare(int source, int target)
    {
        if (source == _source && target == _target)
            return;
        var scale = (double)source / target;
        var support = Math.Max(scale, 1);
        Stride = (2 * (int)Math.Ceiling(support)) + 1;
        MaxCount = 0;
        if (Start.Length < target)
        {
            Start = new int[target];
            Count = new int[target];
        }
        if (Weights.Length < target * Stride)
            Weights = new float[target * Stride];
        for (var i = 0; i < target; i++)
            Fill(i, source, scale, support);
        (_source, _target) = (source, target);
    }

    private void Fill(int i, int source, double scale, double support)
    {
        var centre = (i + 0.5) * scale;
        var first = Math.Max(0, (int)(centre - support + 0.5));
        var end = Math.Min(source, (int)(centre + support + 0.5));
        while (first < end - 1 && Triangle(first, centre, support) <= 0)
            first++;
        while (end > first + 1 && Triangle(end - 1, centre, support) <= 0)
            end--;
        var sum = 0.0;
        for (var j = first; j < end; j++)
            sum += Triangle(j, centre, support);
        for (var j = first; j < end; j++)
            Weights[(i * Stride) + j - first] = (float)(Triangle(j, centre, support) / sum);
        Start[i] = first;
        Count[i] = end - first;
        MaxCount = Math.Max(MaxCount, end - first);
    }

    private static double Triangle(int position, double centre, double support) =>
        Math.Max(0, 1 - (Math.Abs(position + 0.5 - centre) / support));
}
