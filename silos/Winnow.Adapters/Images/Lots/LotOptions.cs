namespace Winnow.Adapters.Images.Lots;

/// <summary>How much lots that are under way may hold, all together.</summary>
public sealed class LotOptions
{
    /// <summary>Bytes of lots in memory. 1 MiB to 64 GiB. Default 256 MiB.</summary>
    public long Memory { get; set; } = 256L << 20;

    /// <summary>Bytes of one principal's lots in memory. 1 MiB to 64 GiB. Default 96 MiB.</summary>
    public long MemoryPerPrincipal { get; set; } = 96L << 20;

    /// <summary>Bytes of lots on disk, which is where those go that have no room in memory. 1 MiB to 1 TiB. Default 8 GiB.</summary>
    public long Spool { get; set; } = 8L << 30;

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound.</summary>
    public string? Check()
    {
        const long Least = 1 << 20;
        if (Memory is < Least or > 64L << 30) return $"Lots:Memory must be {Least} to {64L << 30}, not {Memory}.";
        if (MemoryPerPrincipal is < Least or > 64L << 30)
            return $"Lots:MemoryPerPrincipal must be {Least} to {64L << 30}, not {MemoryPerPrincipal}.";
        return Spool is < Least or > 1L << 40 ? $"Lots:Spool must be {Least} to {1L << 40}, not {Spool}." : null;
    }
}
